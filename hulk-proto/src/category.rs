//! Categories of files, for usage and search.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Category of a file: by its name extension if that is more specific than the media type, else by the
/// media type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Category {
    Images,
    Videos,
    Audios,
    Models,
    Datasets,
    Documents,
    Archives,
    Other,
}

const MODELS: &[&str] = &[
    "ckpt",
    "gguf",
    "ggml",
    "h5",
    "keras",
    "mlmodel",
    "onnx",
    "pb",
    "pkl",
    "pt",
    "pth",
    "safetensors",
    "tflite",
];
const DATASETS: &[&str] = &[
    "arrow", "avro", "csv", "db", "feather", "hdf5", "jsonl", "ndjson", "npy", "npz", "orc",
    "parquet", "sqlite", "tfrecord", "tsv",
];
const DOCUMENTS: &[&str] = &[
    "doc", "docx", "epub", "html", "ipynb", "key", "md", "odp", "ods", "odt", "pdf", "ppt", "pptx",
    "rst", "rtf", "tex", "txt", "xls", "xlsx",
];
const ARCHIVES: &[&str] = &[
    "7z", "bz2", "deb", "dmg", "gz", "iso", "jar", "lz4", "rar", "rpm", "tar", "tbz2", "tgz",
    "txz", "whl", "xz", "zip", "zst",
];

impl Category {
    pub const ALL: [Self; 8] = [
        Self::Images,
        Self::Videos,
        Self::Audios,
        Self::Models,
        Self::Datasets,
        Self::Documents,
        Self::Archives,
        Self::Other,
    ];

    pub fn of(name: &str, mime_type: &str) -> Self {
        let extension = name.rsplit_once('.').map(|(_, end)| end.to_lowercase());
        let ends = |list: &[&str]| {
            extension
                .as_deref()
                .is_some_and(|extension| list.contains(&extension))
        };
        let (kind, sub) = mime_type.split_once('/').unwrap_or((mime_type, ""));
        match kind {
            _ if ends(MODELS) => Self::Models,
            _ if ends(DATASETS) => Self::Datasets,
            _ if ends(DOCUMENTS) => Self::Documents,
            _ if ends(ARCHIVES) => Self::Archives,
            "image" => Self::Images,
            "video" => Self::Videos,
            "audio" => Self::Audios,
            "text" => Self::Documents,
            "application" if sub.starts_with("pdf") => Self::Documents,
            _ => Self::Other,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Images => "images",
            Self::Videos => "videos",
            Self::Audios => "audios",
            Self::Models => "models",
            Self::Datasets => "datasets",
            Self::Documents => "documents",
            Self::Archives => "archives",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Error for text that is not a category.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "expected images, videos, audios, models, datasets, documents, archives, other, or a media type"
)]
pub struct InvalidCategory;

impl FromStr for Category {
    type Err = InvalidCategory;

    /// Parses a name in the singular or plural.
    fn from_str(text: &str) -> Result<Self, InvalidCategory> {
        let is_meant = |category: &Self| {
            let name = category.as_str();
            text == name || name.strip_suffix('s') == Some(text)
        };
        Self::ALL.into_iter().find(is_meant).ok_or(InvalidCategory)
    }
}
