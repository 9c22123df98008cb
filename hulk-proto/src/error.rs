//! The body of every error answer, and its stable codes.

use serde::{Deserialize, Serialize};

macro_rules! codes {
    (
        sent { $($(#[$doc:meta])* $name:ident = $text:literal => $status:literal),+ $(,)? }
        local { $($(#[$local_doc:meta])* $local:ident = $local_text:literal => $local_status:literal),+ $(,)? }
    ) => {
        /// Stable code that tells a program what went wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum ErrorCode {
            $($(#[$doc])* #[serde(rename = $text)] $name,)+
            $($(#[$local_doc])* #[serde(rename = $local_text)] $local,)+
            /// A code that only a newer server knows; never sent.
            #[serde(other)]
            Unknown,
        }

        impl ErrorCode {
            /// The codes that a server sends.
            pub const SENT: &'static [Self] = &[$(Self::$name),+];

            /// The HTTP status that goes with the code.
            pub fn status(self) -> u16 {
                match self {
                    $(Self::$name => $status,)+
                    $(Self::$local => $local_status,)+
                    Self::Unknown => 500,
                }
            }

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                    $(Self::$local => $local_text,)+
                    Self::Unknown => "UNKNOWN",
                }
            }
        }
    };
}

codes! {
    sent {
        ValidationError = "VALIDATION_ERROR" => 400,
        BadRequest = "BAD_REQUEST" => 400,
        /// The user has not decided yet; like the next three, of RFC 8628.
        AuthorizationPending = "AUTHORIZATION_PENDING" => 400,
        SlowDown = "SLOW_DOWN" => 400,
        AccessDenied = "ACCESS_DENIED" => 400,
        ExpiredToken = "EXPIRED_TOKEN" => 400,
        Unauthorized = "UNAUTHORIZED" => 401,
        AuthInvalidCredentials = "AUTH_INVALID_CREDENTIALS" => 401,
        AuthTokenExpired = "AUTH_TOKEN_EXPIRED" => 401,
        /// A refresh token that is unknown, expired, or was used before.
        AuthRefreshFailed = "AUTH_REFRESH_FAILED" => 401,
        Forbidden = "FORBIDDEN" => 403,
        EmailNotVerified = "EMAIL_NOT_VERIFIED" => 403,
        AccountDisabled = "ACCOUNT_DISABLED" => 403,
        /// This server takes no new accounts.
        SignupClosed = "SIGNUP_CLOSED" => 403,
        InviteRequired = "INVITE_REQUIRED" => 403,
        /// Also for things that exist but do not belong to the caller.
        NotFound = "NOT_FOUND" => 404,
        Conflict = "CONFLICT" => 409,
        FileExists = "FILE_EXISTS" => 409,
        DirectoryExists = "DIRECTORY_EXISTS" => 409,
        DirectoryNotEmpty = "DIRECTORY_NOT_EMPTY" => 409,
        AuthEmailExists = "AUTH_EMAIL_EXISTS" => 409,
        ShareExpired = "SHARE_EXPIRED" => 410,
        ShareRevoked = "SHARE_REVOKED" => 410,
        FileExpired = "FILE_EXPIRED" => 410,
        PayloadTooLarge = "PAYLOAD_TOO_LARGE" => 413,
        UploadIncomplete = "UPLOAD_INCOMPLETE" => 422,
        DigestMismatch = "DIGEST_MISMATCH" => 422,
        TooManyRequests = "TOO_MANY_REQUESTS" => 429,
        /// The owner of a file has used up what may be downloaded in this month.
        TransferExceeded = "TRANSFER_EXCEEDED" => 429,
        /// A fault of the server; the message does not reveal internals.
        InternalError = "INTERNAL_ERROR" => 500,
        StoreUnavailable = "STORE_UNAVAILABLE" => 503,
        DatabaseUnavailable = "DATABASE_UNAVAILABLE" => 503,
        QuotaExceeded = "QUOTA_EXCEEDED" => 507,
    }
    local {
        /// Used only by the command line, like the next two: no server answers, or not as `hulk-server` does.
        ServerUnreachable = "SERVER_UNREACHABLE" => 503,
        /// A local file or pipe failed.
        LocalFile = "LOCAL_FILE" => 400,
        Interrupted = "INTERRUPTED" => 400,
    }
}

// Not derived: utoipa's macro cannot see the names, which are literals of the macro `codes`.
#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for ErrorCode {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::Type::String)
            .description(Some("Stable code that tells a program what went wrong."))
            .enum_values(Some(Self::SENT.iter().map(|code| code.as_str())))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for ErrorCode {}

/// `{"error": {"code", "message", "details"}}`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorBody {
    pub error: ErrorDetail,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorDetail {
    pub code: ErrorCode,
    /// Human-readable description of what happened.
    pub message: String,
    #[serde(default)]
    pub details: Details,
}

/// More about an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Details {
    /// For `VALIDATION_ERROR`, the invalid fields and what is wrong with them; otherwise mostly empty.
    Fields(Vec<FieldError>),
    /// For `QUOTA_EXCEEDED` and `TRANSFER_EXCEEDED`.
    Limit(Box<LimitReached>),
}

impl Default for Details {
    fn default() -> Self {
        Self::Fields(Vec::new())
    }
}

impl From<Vec<FieldError>> for Details {
    fn from(fields: Vec<FieldError>) -> Self {
        Self::Fields(fields)
    }
}

/// The limit that was reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LimitReached {
    /// Name of the limit, such as `storage_bytes`, `object_count`, `max_file_size` or `monthly_download_bytes`.
    pub limit: String,
    /// Day on which a monthly limit begins anew, as YYYY-MM-DD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resets_on: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    pub field: String,
    pub message: String,
}
