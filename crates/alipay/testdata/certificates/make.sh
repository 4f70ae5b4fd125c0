#!/bin/sh
# Makes the certificates in this directory, with the keys here and one level up. Serials, names and
# dates are fixed, so running it again gives the same files (but for the signature of ec_root.pem, which
# is random). Those under published/ are Alipay's own, expired ones among them, as
# the test suites of its own libraries publish them.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

cat >"$work/openssl.cnf" <<CONFIG
[ca]
default_ca = tests
[tests]
database = $work/index
serial = $work/serial
new_certs_dir = $work
policy = any
unique_subject = no
email_in_dn = no
[any]
countryName = optional
organizationName = optional
organizationalUnitName = optional
commonName = supplied
[req]
distinguished_name = dn
string_mask = utf8only
[dn]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, nonRepudiation
[sealing]
basicConstraints = critical, CA:FALSE
keyUsage = critical, keyEncipherment
CONFIG

# make FILE SERIAL SUBJECT KEY EXTENSIONS FROM UNTIL [ISSUER ISSUER_KEY]
make() {
    : >"$work/index"
    echo "$2" >"$work/serial"
    openssl req -new -utf8 -config "$work/openssl.cnf" -key "$4" -subj "$3" -out "$work/request"
    if [ $# -eq 7 ]; then
        set -- "$@" -selfsign "$4"
    else
        set -- "$1" "$2" "$3" "$4" "$5" "$6" "$7" "-cert $8" "$9"
    fi
    # Unquoted on purpose: the eighth holds an option and perhaps its value.
    openssl ca -config "$work/openssl.cnf" -in "$work/request" -out "$1" -notext -batch -utf8 \
        -preserveDN -extensions "$5" -startdate "$6" -enddate "$7" -md sha256 $8 -keyfile "$9" \
        2>"$work/log" || { cat "$work/log"; exit 1; }
}

name="/C=CN/O=Paydesk Tests/OU=Certification Authority/CN=Paydesk Tests Certification Authority"
alipay="/C=CN/O=会员/OU=Alipay/CN=支付宝(中国)网络技术有限公司-2088000000000002"
app="/C=CN/O=会员/OU=Alipay/CN=2088000000000002-2021000000000001"
from=20200101000000Z
until=20450101000000Z

make root.pem 1FCFA18D6A480D11 "$name R1" root_key.pem authority $from $until
make authority.pem 02 "$name Class 2 R1" authority_key.pem authority $from $until root.pem root_key.pem
# What issues to apps: trusted by the same root, and not for what the platform says.
make apps_authority.pem 03 "$name Class 1 R1" authority_key.pem authority $from $until \
    root.pem root_key.pem
make ended_authority.pem 04 "$name Class 2 R1" authority_key.pem authority \
    $from 20251231000000Z root.pem root_key.pem
# Other keys under the same names.
make foreign_root.pem 1FCFA18D6A480D11 "$name R1" foreign_key.pem authority $from $until
make foreign_authority.pem 02 "$name Class 2 R1" foreign_key.pem authority $from $until \
    foreign_root.pem foreign_key.pem
make ec_root.pem 05 "$name E1" ../ec_key.pem authority $from $until

by_authority="authority.pem authority_key.pem"
make app.pem 2020051862039D4090897BA4D51C2126 "$app" ../app_key.pem leaf $from $until \
    apps_authority.pem authority_key.pem
make sealing_app.pem 11 "$app" ../app_key.pem sealing $from $until apps_authority.pem authority_key.pem
# The platform's own, before and after a rollover.
make alipay.pem 20200514E63C2FE04D538716FE21358B "$alipay" ../alipay_key.pem leaf \
    20210201000000Z 20260201000000Z $by_authority
make next.pem F3E2D1C0B1A2938475665748392A1B0C "$alipay" next_key.pem leaf \
    20251201000000Z 20301201000000Z $by_authority

# Not to be accepted.
make ended.pem 12 "$alipay" next_key.pem leaf $from 20251231000000Z $by_authority
make by_apps_authority.pem 13 "$alipay" next_key.pem leaf $from $until \
    apps_authority.pem authority_key.pem
make for_another.pem 14 "$app" next_key.pem leaf $from $until $by_authority
make by_foreign_authority.pem 15 "$alipay" next_key.pem leaf $from $until \
    foreign_authority.pem foreign_key.pem
make by_leaf.pem 16 "$alipay" next_key.pem leaf $from $until alipay.pem ../alipay_key.pem
make sealing.pem 17 "$alipay" next_key.pem sealing $from $until $by_authority

# As the console gives them: the platform's with its authority, and several roots of several kinds.
cat alipay.pem authority.pem >alipay_chain.pem
cat ec_root.pem root.pem published/roots.pem >roots.pem
