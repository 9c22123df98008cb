//! What a user may do in a sequence, and how often each action is drawn.

use proptest::prelude::*;

/// An action. Numbers choose among the existing items, modulo their count.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Put { path: String, content: u8 },
    MoveFile { file: usize, to: String },
    MoveDirectory { directory: usize, to: String },
    DeleteFile { file: usize },
    DeleteDirectory { directory: usize },
    Restore { item: usize },
    EmptyTrash,
    RestoreVersion { file: usize },
    SetFile { file: usize, permission: usize },
    SetDirectory { directory: usize, permission: usize },
    Expire { file: usize },
    Share { file: usize },
    Revoke { share: usize },
}

impl Step {
    pub(crate) fn any() -> BoxedStrategy<Self> {
        let number = || 0..8_usize;
        let permission = || 0..3_usize;
        prop_oneof![
            6 => (path(), 0..6_u8).prop_map(|(path, content)| Self::Put { path, content }),
            2 => (number(), path()).prop_map(|(file, to)| Self::MoveFile { file, to }),
            2 => (number(), path()).prop_map(|(directory, to)| Self::MoveDirectory { directory, to }),
            2 => number().prop_map(|file| Self::DeleteFile { file }),
            1 => number().prop_map(|directory| Self::DeleteDirectory { directory }),
            3 => number().prop_map(|item| Self::Restore { item }),
            1 => Just(Self::EmptyTrash),
            1 => number().prop_map(|file| Self::RestoreVersion { file }),
            1 => (number(), permission())
                .prop_map(|(file, permission)| Self::SetFile { file, permission }),
            1 => (number(), permission())
                .prop_map(|(directory, permission)| Self::SetDirectory { directory, permission }),
            1 => number().prop_map(|file| Self::Expire { file }),
            2 => number().prop_map(|file| Self::Share { file }),
            1 => number().prop_map(|share| Self::Revoke { share }),
        ]
        .boxed()
    }
}

fn path() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a", "b", "c"]);
    prop::collection::vec(name, 1..4).prop_map(|names| names.join("/"))
}
