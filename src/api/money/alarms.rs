//! Lists and acknowledges alarms. An alarm is a problem with a contribution that needs manual review.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::{AcknowledgeError, AcknowledgementRequest, acknowledge_alarm};
use crate::api::caller::{AlarmsEditor, AlarmsReader};
use crate::clock;
use crate::contributions::RaisedAlarm;
use crate::ids::{AlarmId, ContributionId};
use crate::store::alarms::Acknowledgement;
use crate::web::State;
use crate::web::body::{self, Accepts};
use crate::web::problem::{Code, Problem};

/// The maximum number of contributions and of acknowledgements in one response.
const MAX_LISTED: i64 = 100;

/// An open alarm.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = OpenAlarm)]
struct OpenAlarmShape {
    /// The alarm's id. If `alarm` changes, the id changes too.
    #[schema(example = "alm_0123456789abcdefghjkmnpqrs")]
    id: String,
    /// The id of the contribution that the alarm is about.
    contribution: String,
    /// The alarm's kind, and the objects and amounts that it is about: `{"alarm": "fraud_warning", "warning":
    /// "issfr_…"}`.
    #[schema(value_type = Object)]
    alarm: Value,
    /// The content of `alarm`, as a sentence.
    text: String,
    /// Stripe's ids of all objects that the alarm is about. This includes linked objects that `alarm` does not name,
    /// such as the payment's charge.
    objects: Vec<String>,
}

/// The open alarms, and the latest acknowledgements.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Alarms)]
struct AlarmsShape {
    /// The open alarms, ordered by the contribution's id. The list covers at most a hundred contributions.
    alarms: Vec<OpenAlarmShape>,
    /// The number of contributions with an open alarm. 0 if nothing needs review.
    contributions_total: i64,
    /// The newest acknowledgements, at most a hundred.
    acknowledgements: Vec<AcknowledgementShape>,
}

/// An acknowledged alarm.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = AlarmAcknowledgement)]
struct AcknowledgementShape {
    /// The alarm's id.
    id: String,
    /// The id of the contribution that the alarm is about.
    contribution: String,
    /// The alarm's kind, objects and amounts when it was acknowledged.
    #[schema(value_type = Object)]
    alarm: Value,
    /// The person who looked at the alarm.
    name: String,
    /// What this person found.
    reason: String,
    /// How the alarm was acknowledged: an API key's id, or `command line`.
    via: String,
    /// When the alarm was acknowledged, RFC 3339.
    #[schema(format = DateTime)]
    acknowledged_at: String,
}

/// Who looked at the alarm, and what they found.
#[derive(Deserialize, utoipa::ToSchema)]
#[schema(as = AcknowledgeAlarm)]
#[serde(deny_unknown_fields)]
struct AcknowledgeBody {
    /// The person who looked at the alarm: up to 100 characters in one line.
    #[schema(min_length = 1, max_length = 100, example = "Finance desk, M.")]
    name: String,
    /// What this person found: up to 1,000 characters.
    #[schema(min_length = 1, max_length = 1000, example = "Known reader, confirmed by phone.")]
    reason: String,
}

/// List the alarms.
///
/// Needs a secret API key of scope `money:read` or `alarms:write`. An alarm means that something about a contribution
/// does not add up, or that a person should look at it. It closes when its cause ends. An acknowledged alarm is no
/// longer open; it is listed under `acknowledgements`.
#[utoipa::path(
    tag = "Money",
    operation_id = "list_alarms",
    security(("api_key" = [])),
    responses((
        status = 200, body = AlarmsShape, description = "Open and acknowledged alarms",
        headers(("Cache-Control" = String, description = "`no-store`")),
    )),
    extensions(("x-problems" = json!([
        Code::ApiKeyMissing, Code::ApiKeyInvalid, Code::ScopeMissing, Code::StoreUnavailable, Code::Internal,
    ]))),
)]
#[get("/v1/alarms")]
pub async fn list_alarms(app: State, _: AlarmsReader) -> Result<HttpResponse, Problem> {
    let to_problem = |error| Problem::store(&error);
    let open_alarms = app.store.open_alarms(MAX_LISTED).await.map_err(to_problem)?;
    let acknowledgements = app.store.newest_acknowledgements(MAX_LISTED).await.map_err(to_problem)?;
    let answer = AlarmsShape {
        alarms: open_alarms.into_iter().map(OpenAlarmShape::from).collect(),
        contributions_total: app.store.contributions_with_alarms().await.map_err(to_problem)?,
        acknowledgements: acknowledgements.into_iter().map(AcknowledgementShape::from).collect(),
    };
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(answer))
}

/// Acknowledge an alarm.
///
/// Needs a secret API key of scope `alarms:write`. An acknowledged alarm is no longer open: it is not listed in
/// `alarms` and not counted in `contributions_total`. The service permanently records who acknowledged it and why.
/// The acknowledgement covers exactly this alarm. If the amounts or the objects in `alarm` change, the alarm returns
/// with another id. A second acknowledgement changes nothing and returns the first one.
#[utoipa::path(
    tag = "Money",
    operation_id = "acknowledge_alarm",
    security(("api_key" = [])),
    params(("id" = String, Path, description = "`alm_…`")),
    request_body = AcknowledgeBody,
    responses((
        status = 200, body = AcknowledgementShape, description = "The acknowledgement",
        headers(("Cache-Control" = String, description = "`no-store`")),
    )),
    extensions(("x-problems" = json!([
        Code::InvalidRequest, Code::ApiKeyMissing, Code::ApiKeyInvalid, Code::ScopeMissing, Code::AlarmNotFound, Code::BodyTooLarge,
        Code::UnsupportedMediaType, Code::Conflict, Code::StoreUnavailable, Code::Internal,
    ]))),
)]
#[post("/v1/alarms/{id}/acknowledge")]
pub async fn acknowledge(
    app: State,
    editor: AlarmsEditor,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let bytes = body::read_json_bytes(&request, payload, Accepts::Json).await?;
    let fields: AcknowledgeBody = body::parse_strict(&bytes)?;
    let id = AlarmId::parse(&id).map_err(|_| Code::AlarmNotFound)?;
    let context = editor.0.context(&app);
    let acknowledging = AcknowledgementRequest { name: &fields.name, reason: &fields.reason };
    let acknowledgement =
        acknowledge_alarm(&context, &id, acknowledging).await.map_err(|error| match error {
            AcknowledgeError::NotFound => Code::AlarmNotFound.into(),
            AcknowledgeError::BadName | AcknowledgeError::BadReason => {
                Problem::with(Code::InvalidRequest, &error)
            }
            AcknowledgeError::Store(error) => Problem::store(&error),
        })?;
    let answer = AcknowledgementShape::from(acknowledgement);
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(answer))
}

impl From<(ContributionId, RaisedAlarm)> for OpenAlarmShape {
    fn from((contribution, raised): (ContributionId, RaisedAlarm)) -> Self {
        Self {
            id: raised.id.into(),
            contribution: contribution.into(),
            text: raised.alarm.to_string(),
            alarm: serde_json::json!(raised.alarm),
            objects: raised.objects,
        }
    }
}

impl From<Acknowledgement> for AcknowledgementShape {
    fn from(acknowledgement: Acknowledgement) -> Self {
        Self {
            id: acknowledgement.alarm_id.into(),
            contribution: acknowledgement.contribution.into(),
            alarm: serde_json::json!(acknowledgement.alarm),
            name: acknowledgement.name,
            reason: acknowledgement.reason,
            via: acknowledgement.via,
            acknowledged_at: clock::rfc3339(acknowledgement.acknowledged_at_ms),
        }
    }
}
