//! Errors, each with an exit code for scripts.

use std::{fmt, io, path::Path, process::ExitCode, time::Duration};

use hulk_proto::{Details, ErrorBody, ErrorCode, error::ErrorDetail};

pub(crate) type Result<T> = std::result::Result<T, Error>;

/// The program's exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Failed = 1,
    Usage = 2,
    NotFound = 3,
    NotAllowed = 4,
    Exists = 5,
    Quota = 6,
    Integrity = 7,
    Unreachable = 8,
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// An error in one or two lines: what happened, to what, and what to do next.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) struct Error {
    pub(crate) exit: Exit,
    pub(crate) code: ErrorCode,
    message: String,
    /// The file or argument that the message already names.
    subject: Option<Box<str>>,
    details: Details,
    hint: Option<Box<str>>,
    pub(crate) is_reported: bool,
    pub(crate) again: Again,
    /// Whether an earlier attempt, whose response was lost, may have succeeded.
    pub(crate) may_be_done: bool,
    /// The `https` URL to request instead of the `http` one.
    pub(crate) https: Option<Box<url::Url>>,
}

/// Whether a retry may succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    Never,
    /// Soon; not before this time, if the other side named one.
    Soon(Option<Duration>),
    /// After this time: the server refused the request only because its client has sent too many.
    After(Duration),
    /// With another URL, or from a new plan: this one is used up.
    Anew,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error {
    fn new(exit: Exit, code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            exit,
            code,
            message: message.into(),
            subject: None,
            details: Details::default(),
            hint: None,
            is_reported: false,
            again: Again::Never,
            may_be_done: false,
            https: None,
        }
    }

    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, ErrorCode::LocalFile, message)
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, ErrorCode::BadRequest, message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(Exit::NotFound, ErrorCode::NotFound, message)
    }

    pub(crate) fn not_allowed(message: impl Into<String>) -> Self {
        Self::new(Exit::NotAllowed, ErrorCode::Unauthorized, message)
    }

    pub(crate) fn exists(message: impl Into<String>) -> Self {
        Self::new(Exit::Exists, ErrorCode::FileExists, message)
    }

    pub(crate) fn full(message: impl Into<String>) -> Self {
        Self::new(Exit::Quota, ErrorCode::QuotaExceeded, message)
    }

    pub(crate) fn integrity(message: impl Into<String>) -> Self {
        Self::new(Exit::Integrity, ErrorCode::DigestMismatch, message)
    }

    pub(crate) fn unreachable(message: impl Into<String>) -> Self {
        Self::new(Exit::Unreachable, ErrorCode::ServerUnreachable, message)
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(Exit::Exists, ErrorCode::Conflict, message)
    }

    pub(crate) fn interrupted() -> Self {
        Self::new(Exit::Interrupted, ErrorCode::Interrupted, "interrupted")
    }

    /// Returns an error for errors that were already printed: it only carries the exit code.
    pub(crate) fn reported(exit: Exit) -> Self {
        Self {
            is_reported: true,
            ..Self::new(exit, ErrorCode::LocalFile, "")
        }
    }

    /// Returns the error of an operation on a local file.
    pub(crate) fn local(doing: &str, path: &Path, error: &io::Error) -> Self {
        let message = format!("cannot {doing} {}: {}", path.display(), reason(error));
        let exit = match error.kind() {
            io::ErrorKind::NotFound => Exit::NotFound,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Exit::Quota,
            io::ErrorKind::AlreadyExists => Exit::Exists,
            _ => Exit::Failed,
        };
        Self::new(exit, ErrorCode::LocalFile, message).on(path.display())
    }

    /// Converts an error that the server returned.
    pub(crate) fn server(detail: ErrorDetail) -> Self {
        let exit = match detail.code.status() {
            401 | 403 => Exit::NotAllowed,
            404 | 410 => Exit::NotFound,
            409 => Exit::Exists,
            413 | 507 => Exit::Quota,
            // Waiting for a moment does not help, unlike with too many requests.
            _ if detail.code == ErrorCode::TransferExceeded => Exit::Quota,
            429 | 503 => Exit::Unreachable,
            _ if detail.code == ErrorCode::DigestMismatch => Exit::Integrity,
            _ => Exit::Failed,
        };
        let hint = match detail.code {
            ErrorCode::Unauthorized
            | ErrorCode::AuthInvalidCredentials
            | ErrorCode::AuthTokenExpired => {
                Some("run 'hulk login', or set HULK_API_KEY to a valid key".into())
            }
            _ => None,
        };
        let again = match detail.code {
            ErrorCode::TooManyRequests
            | ErrorCode::StoreUnavailable
            | ErrorCode::DatabaseUnavailable
            | ErrorCode::InternalError => Again::Soon(None),
            ErrorCode::UploadIncomplete => Again::Anew,
            _ => Again::Never,
        };
        Self {
            details: detail.details,
            hint,
            again,
            ..Self::new(exit, detail.code, detail.message)
        }
    }

    #[must_use]
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into().into());
        self
    }

    #[must_use]
    pub(crate) fn moved_to(mut self, https: url::Url) -> Self {
        self.https = Some(Box::new(https));
        self
    }

    #[must_use]
    pub(crate) fn again(mut self, again: Again) -> Self {
        self.again = again;
        self
    }

    /// Names the file or argument in the message, if the message does not yet.
    #[must_use]
    pub(crate) fn about(mut self, what: impl fmt::Display) -> Self {
        let what = what.to_string();
        let is_told = |subject: &str| {
            let (subject, what) = (plain(subject), plain(&what));
            is_end(subject, what) || is_end(what, subject)
        };
        if !self.subject.as_deref().is_some_and(is_told) {
            self.message = format!("{what}: {}", self.message);
        }
        self.on(what)
    }

    /// Records that the message names this file or argument.
    #[must_use]
    pub(crate) fn on(mut self, subject: impl fmt::Display) -> Self {
        self.subject = Some(subject.to_string().into());
        self
    }

    pub(crate) fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    pub(crate) fn body(&self) -> ErrorBody {
        ErrorBody {
            error: ErrorDetail {
                code: self.code,
                message: self.message.clone(),
                details: self.details.clone(),
            },
        }
    }
}

fn plain(subject: &str) -> &str {
    subject.trim_matches(['\'', '/'])
}

/// Whether a path equals another, or ends in it.
fn is_end(path: &str, end: &str) -> bool {
    let rest = path.strip_suffix(end);
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
}

/// Returns the system's message without its error number.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}
