//! The request and response bodies of appeals.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::actions;
use crate::app::App;
use crate::appeals::{AppealDocument, Phase, phases};
use crate::clock;
use crate::store::appeals::{PublishedRow, VersionRow};

/// The state of an appeal.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = AppealSummary)]
pub struct Summary {
    /// The appeal's id.
    #[schema(example = "summer")]
    pub id: String,
    /// Whether readers can see the appeal now.
    pub phase: Phase,
    /// The newest version's number, from 1.
    pub version: i64,
    /// When the newest version was written, RFC 3339.
    pub written_at: String,
    /// The number of the version that was published last; null if no version was published.
    pub published_version: Option<i64>,
    /// The time of the newest publication, RFC 3339; null if the appeal was never published. Pausing or ending a
    /// published appeal counts as a publication too.
    pub published_at: Option<String>,
}

/// All appeals.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Appeals)]
pub struct AppealList {
    /// The appeals, ordered by id.
    pub appeals: Vec<Summary>,
}

/// One version of an appeal.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = AppealVersion)]
pub struct Version {
    /// The version's number, from 1.
    pub version: i64,
    /// When the version was written, RFC 3339.
    pub written_at: String,
    /// The author: an API key's id, or `command line`.
    pub written_by: String,
}

/// One version of an appeal as it was written, and the list of all its versions.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Appeal)]
pub struct AppealWithVersions {
    #[serde(flatten)]
    pub summary: Summary,
    /// The number of the version that `appeal` contains.
    pub appeal_version: i64,
    /// The appeal as it was written in version `appeal_version`, with the fields of an appeals file.
    #[schema(value_type = Object)]
    pub appeal: Map<String, Value>,
    /// All versions of the appeal, newest first.
    pub versions: Vec<Version>,
}

/// The result of writing an appeal.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = AppealSaved)]
pub struct SavedAnswer {
    /// The newest version's number.
    pub version: i64,
}

/// What to publish.
#[derive(Deserialize, utoipa::ToSchema)]
#[schema(as = AppealPublish)]
#[serde(deny_unknown_fields)]
pub struct PublishBody {
    /// The version to publish; the newest if omitted or null. To roll back, name an older version.
    #[serde(default)]
    pub version: Option<i64>,
}

impl Summary {
    /// The states of all appeals in `newest`, which has the newest version of each. `published` has the newest
    /// publication of each appeal that was ever published.
    pub fn of_all(app: &App, newest: &[VersionRow], published: &[PublishedRow]) -> Vec<Self> {
        // Leaves out the appeals that this version of the program can't read. No reader sees them, so their phase
        // is `Paused` below.
        let documents: Vec<AppealDocument> =
            published.iter().filter_map(|row| actions::read_published(row).ok()).collect();
        let ids = documents.iter().map(|document| document.rules.id.as_str());
        let phases: HashMap<&str, Phase> =
            ids.zip(phases(&app.settings.sites, &documents, app.now_ms())).collect();
        let published: HashMap<&str, &PublishedRow> =
            published.iter().map(|row| (row.appeal_id.as_str(), row)).collect();
        newest
            .iter()
            .map(|row| {
                let id = row.appeal_id.as_str();
                let publication = published.get(id);
                let phase = publication.map(|_| phases.get(id).copied().unwrap_or(Phase::Paused));
                Self {
                    id: id.to_owned(),
                    phase: phase.unwrap_or(Phase::Draft),
                    version: row.version,
                    written_at: clock::rfc3339(row.created_at_ms),
                    published_version: publication.map(|row| row.version),
                    published_at: publication.map(|row| clock::rfc3339(row.published_at_ms)),
                }
            })
            .collect()
    }

    /// The state of one appeal.
    pub fn of_one(app: &App, newest: &VersionRow, published: Option<&PublishedRow>) -> Self {
        let published = published.map(std::slice::from_ref).unwrap_or_default();
        let mut states = Self::of_all(app, std::slice::from_ref(newest), published);
        states.pop().expect("an appeal with a newest version must have a state")
    }
}

/// The `ETag` of an appeal whose newest version is `version`.
pub fn etag(version: i64) -> String {
    format!("\"{version}\"")
}
