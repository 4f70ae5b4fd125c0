use paydesk_provider::ProviderError;
use paydesk_provider::keys::KeyError;

use crate::certificate::CertificateError;

/// Files that certificate mode cannot work with. Nothing of them is repeated but certificates' numbers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificatesError {
    /// The app's own certificate.
    #[error("the app's certificate (应用公钥证书, appCertPublicKey_….crt) cannot be used")]
    App(#[source] FileError),
    /// The roots.
    #[error("the root certificates (支付宝根证书, alipayRootCert.crt) cannot be used")]
    Roots(#[source] FileError),
    /// What Alipay signs with.
    #[error("Alipay's certificate (支付宝公钥证书, alipayCertPublicKey_RSA2.crt) cannot be used")]
    Alipay(#[source] FileError),
}

/// What is wrong with a file of certificates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The file itself.
    #[error(transparent)]
    Unreadable(#[from] KeyError),
    /// It holds something else.
    #[error(transparent)]
    Content(#[from] CertificateError),
    /// It holds a certificate that is none for this.
    #[error("certificate {sn}: {problem}")]
    Unfit {
        /// The certificate's number.
        sn: String,
        /// Why not.
        problem: Unfit,
    },
}

/// Why a certificate is none for this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unfit {
    /// An authority's in place of one that messages are signed with.
    #[error("it is an authority's own, which signs no messages: is the file alipayRootCert.crt?")]
    Authority,
    /// One that messages are signed with in place of an authority's.
    #[error("it is no authority's, so it can be no root")]
    NotAuthority,
    /// One that was made for another purpose.
    #[error("it was not made to sign messages")]
    Purpose,
    /// The app's own in place of Alipay's.
    #[error(
        "it is the app's own (appCertPublicKey_….crt), so no message of Alipay's would ever verify"
    )]
    Own,
    /// Issued elsewhere.
    #[error(
        "no authority leads from it to a root certificate: is the authority missing from the file, or \
         are the roots those of the other environment?"
    )]
    NotIssued,
    /// No longer valid.
    #[error("it, or an authority behind it, has ended")]
    Ended,
    /// Not valid yet.
    #[error("it, or an authority behind it, has not begun yet: is the clock right?")]
    NotYet,
    /// The download brought another one.
    #[error("it is not the one that was asked for")]
    Another,
    /// A certificate for somebody else, or issued by another authority than the configured one: every
    /// app has one that the same roots stand behind.
    #[error("it was issued to another name, or by another authority, than the configured one")]
    Foreign,
}

/// A download that gave no certificate to go on with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LearnError {
    #[error("certificates are not checked, so none is fetched")]
    Unchecked,
    #[error("a certificate was fetched a moment ago, and it is too early for another")]
    TooEarly,
    #[error("Alipay's certificate could not be fetched")]
    Call(#[source] Box<ProviderError>),
    #[error("the certificate that was fetched cannot be used")]
    Unusable(#[source] FileError),
}
