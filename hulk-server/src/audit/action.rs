//! What can be done, as the audit log names it.

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    UserCreate,
    UserChange,
    UserVerify,
    UserPassword,
    UserDelete,
    SessionCreate,
    SessionDelete,
    KeyCreate,
    KeyDelete,
    DeviceApprove,
    DeviceDeny,
    ShareCreate,
    ShareDelete,
    FilePut,
    FileChange,
    FileDelete,
    DirectoryChange,
    DirectoryDelete,
    Move,
    TrashRestore,
    TrashDelete,
    TierCreate,
    TierChange,
    TierDelete,
    TierRequest,
    TierApprove,
    TierRefuse,
}

impl Action {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::UserCreate => "user.create",
            Self::UserChange => "user.change",
            Self::UserVerify => "user.verify",
            Self::UserPassword => "user.password",
            Self::UserDelete => "user.delete",
            Self::SessionCreate => "session.create",
            Self::SessionDelete => "session.delete",
            Self::KeyCreate => "key.create",
            Self::KeyDelete => "key.delete",
            Self::DeviceApprove => "device.approve",
            Self::DeviceDeny => "device.deny",
            Self::ShareCreate => "share.create",
            Self::ShareDelete => "share.delete",
            Self::FilePut => "file.put",
            Self::FileChange => "file.change",
            Self::FileDelete => "file.delete",
            Self::DirectoryChange => "directory.change",
            Self::DirectoryDelete => "directory.delete",
            Self::Move => "move",
            Self::TrashRestore => "trash.restore",
            Self::TrashDelete => "trash.delete",
            Self::TierCreate => "tier.create",
            Self::TierChange => "tier.change",
            Self::TierDelete => "tier.delete",
            Self::TierRequest => "tier.request",
            Self::TierApprove => "tier.approve",
            Self::TierRefuse => "tier.refuse",
        }
    }
}
