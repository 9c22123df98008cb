//! Imports run one way.

use std::{fs, path::Path};

#[test]
fn lower_layers_do_not_know_the_upper_ones() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let forbidden = [
        (
            "db",
            &[
                "axum",
                "crate::store",
                "crate::ops",
                "crate::routes",
                "crate::app",
            ][..],
        ),
        (
            "store",
            &[
                "crate::db",
                "crate::ops",
                "crate::routes",
                "crate::app",
                "sqlx",
            ],
        ),
        (
            "ops",
            &["axum", "crate::routes", "crate::pages", "crate::sweep"],
        ),
        ("sweep", &["axum", "crate::routes"]),
        ("routes", &["sqlx", "aws_sdk_s3", "crate::db"]),
        (
            "pages",
            &[
                "sqlx",
                "aws_sdk_s3",
                "crate::db",
                "crate::routes",
                "crate::store",
            ],
        ),
    ];
    for (layer, words) in forbidden {
        for file in crate::harness::files_below(&source.join(layer)) {
            // The embedded store's face is an HTTP service itself.
            if file.ends_with("store/embedded/front.rs") {
                continue;
            }
            let text = fs::read_to_string(&file).unwrap();
            for word in words {
                assert!(!text.contains(word), "{} knows {word}", file.display());
            }
        }
    }
}
