#!/bin/sh
# Makes the certificates in this directory, with the keys here and one level up. Serials, names and
# dates are fixed, so running it again gives the same files.
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
organizationName = optional
commonName = supplied
[req]
distinguished_name = dn
[dn]
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[root_for_other_use]
basicConstraints = critical, CA:TRUE
keyUsage = critical, digitalSignature
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
CONFIG

# make FILE SERIAL SUBJECT KEY EXTENSIONS FROM UNTIL HASH [ISSUER ISSUER_KEY]
make() {
    : >"$work/index"
    echo "$2" >"$work/serial"
    openssl req -new -config "$work/openssl.cnf" -key "$4" -subj "$3" -out "$work/request"
    if [ $# -eq 8 ]; then
        set -- "$@" -selfsign "$4"
    else
        set -- "$1" "$2" "$3" "$4" "$5" "$6" "$7" "$8" "-cert $9" "${10}"
    fi
    # Unquoted on purpose: the ninth holds an option and perhaps its value.
    openssl ca -config "$work/openssl.cnf" -in "$work/request" -out "$1" -notext -batch \
        -extensions "$5" -startdate "$6" -enddate "$7" -md "$8" $9 -keyfile "${10}" 2>"$work/log" ||
        { cat "$work/log"; exit 1; }
}

root="/O=Paydesk Tests/CN=Test Root"
platform="/O=Paydesk Tests/CN=Test Platform"
from=20200101000000Z
until=20450101000000Z

make root.pem 01 "$root" root_key.pem root $from $until sha256
make root_for_other_use.pem 02 "$root" root_key.pem root_for_other_use $from $until sha256
# Another key under the same name, and the same key under another name.
make namesake_root.pem 03 "$root" ../vectors_key.pem root $from $until sha256
make renamed_root.pem 04 "/O=Paydesk Tests/CN=Renamed" root_key.pem root $from $until sha256

# The platform's own, before and after a rollover. One serial begins with the digit 0, the other
# with a high bit, which DER hides behind a byte of zeros.
make current.pem 0A1B2C3D4E5F60718293A4B5C6D7E8F901020304 "$platform" ../platform_key.pem leaf \
    20210201000000Z 20260201000000Z sha256 root.pem root_key.pem
make next.pem F3E2D1C0B1A2938475665748392A1B0C0D0E0F10 "$platform" next_key.pem leaf \
    20251201000000Z 20301201000000Z sha256 root.pem root_key.pem

# Not to be accepted.
make twin.pem 0A1B2C3D4E5F60718293A4B5C6D7E8F901020304 "$platform" next_key.pem leaf \
    $from $until sha256 root.pem root_key.pem
make by_namesake.pem 11 "$platform" next_key.pem leaf $from $until sha256 \
    namesake_root.pem ../vectors_key.pem
make by_leaf.pem 12 "$platform" next_key.pem leaf $from $until sha256 \
    current.pem ../platform_key.pem
make by_sha1.pem 13 "$platform" next_key.pem leaf $from $until sha1 root.pem root_key.pem
make short.pem 14 "$platform" ../short_key.pem leaf $from $until sha256 root.pem root_key.pem
make ec.pem 15 "$platform" ../ec_key.pem leaf $from $until sha256 root.pem root_key.pem

# What reads certificates is shared, and tried with the same ones.
cp root.pem current.pem next.pem ec.pem short.pem namesake_root.pem renamed_root.pem \
    root_for_other_use.pem by_leaf.pem by_namesake.pem by_sha1.pem \
    ../../../provider/testdata/certificates/
cp ../g1_certificate.pem ../../../provider/testdata/certificates/g1.pem
