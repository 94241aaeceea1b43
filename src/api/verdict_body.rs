//! Writes a verdict, the response to a banner request, as JSON.

use serde::Serialize;

use super::words::{KindShape, ReasonShape, SurfaceShape};
use crate::appeals::{Content, TemplateValues};
use crate::web::json_object::JsonObject;
use crate::web::problem::{Code, Problem};

/// The verdict. If `show` is true, `surface`, `kind`, `appeal`, `variant`, `attribution` and `content` are present.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Verdict)]
pub(super) struct VerdictBody<'a> {
    /// Whether an appeal is shown.
    pub(super) show: bool,
    /// Where the appeal shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<SurfaceShape>)]
    pub(super) surface: Option<&'a str>,
    /// What the appeal asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<KindShape>)]
    pub(super) kind: Option<&'a str>,
    /// The appeal's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) appeal: Option<&'a str>,
    /// The variant's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) variant: Option<&'a str>,
    /// Whether the reader can dismiss the appeal. A hard wall after the last free article can't be dismissed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) closable: Option<bool>,
    /// The reason, from a fixed list.
    #[schema(value_type = ReasonShape)]
    pub(super) reason: &'a str,
    /// A signed value to send with events and checkouts. It is also present if the reader is held out (`reason` is
    /// `holdout`), so that their gifts can be counted. A preview has none and is not counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) attribution: Option<String>,
    /// Why the token can't be used, as a code. If the code is `token_superseded`, for example after a refund, the
    /// browser should delete the token and send the request again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) token_problem: Option<&'a str>,
    /// What to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<Content<'a>>,
    /// The values that the text uses. Replace placeholders such as `{article_count}` with them, and use them to
    /// select plural forms (ICU MessageFormat's `plural` and `selectordinal`, with the rules of `content.locale`).
    /// Absent if the text uses none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) values: Option<TemplateValues>,
    /// The earliest time at which an appeal can show to this reader if nothing but the time changes. Null if an appeal
    /// shows now, if waiting does not help, or if `reason` is `holdout` or `overloaded`. A browser need not ask again
    /// before that time, unless the reader does something.
    #[schema(format = DateTime)]
    pub(super) next_eligible_at: Option<String>,
    /// Unknown fields of the request that look like misspelt names, each with the name that was probably meant. They
    /// were ignored, like all unknown fields. Absent if there are none.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    #[schema(value_type = Option<Vec<String>>, example = json!(["page.sensitve is not known and was ignored; did you mean page.sensitive?"]))]
    pub(super) warnings: &'a [String],
}

impl<'a> VerdictBody<'a> {
    /// A verdict that shows no appeal.
    pub(super) const fn silent(reason: &'a str) -> Self {
        Self {
            show: false,
            surface: None,
            kind: None,
            appeal: None,
            variant: None,
            closable: None,
            reason,
            attribution: None,
            token_problem: None,
            content: None,
            values: None,
            next_eligible_at: None,
            warnings: &[],
        }
    }
}

/// The verdict as JSON. The result must equal what serde would write: the API description assumes it, and a test
/// checks it.
pub(super) fn verdict_to_json(body: &VerdictBody<'_>) -> Result<Vec<u8>, Problem> {
    // This pattern names every field, so that the compiler reports a forgotten one.
    let VerdictBody {
        show,
        surface,
        kind,
        appeal,
        variant,
        closable,
        reason,
        attribution,
        token_problem,
        content,
        values,
        next_eligible_at,
        warnings,
    } = body;
    // Reserves the memory for the whole JSON at once: 384 bytes for the short fields, plus the attribution and the
    // content.
    let content = content.as_ref().map(Content::fields);
    let pieces = content.iter().flatten().filter_map(|(_, piece)| *piece);
    let attribution_len = attribution.as_ref().map_or(0, String::len);
    let mut json =
        JsonObject::with_room(384 + attribution_len + pieces.map(|piece| piece.get().len()).sum::<usize>());
    json.bool(r#""show":"#, *show);
    // Texts come from appeals and may contain any character. Labels contain no character that needs an escape.
    if let Some(surface) = surface {
        json.label(r#""surface":"#, surface);
    }
    if let Some(kind) = kind {
        json.label(r#""kind":"#, kind);
    }
    if let Some(appeal) = appeal {
        json.text(r#""appeal":"#, appeal);
    }
    if let Some(variant) = variant {
        json.text(r#""variant":"#, variant);
    }
    if let Some(closable) = closable {
        json.bool(r#""closable":"#, *closable);
    }
    json.label(r#""reason":"#, reason);
    if let Some(attribution) = attribution {
        json.label(r#""attribution":"#, attribution);
    }
    if let Some(problem) = token_problem {
        json.label(r#""token_problem":"#, problem);
    }
    if let Some(fields) = content {
        json.object(r#""content":"#, |json| {
            for (name, piece) in fields {
                if let Some(piece) = piece {
                    json.json(name, piece.get());
                }
            }
        });
    }
    if let Some(values) = values {
        json.json(r#""values":"#, &as_json(values)?);
    }
    match next_eligible_at {
        Some(at) => json.label(r#""next_eligible_at":"#, at),
        None => json.json(r#""next_eligible_at":"#, "null"),
    }
    if !warnings.is_empty() {
        json.json(r#""warnings":"#, &as_json(warnings)?);
    }
    Ok(json.end())
}

fn as_json<T: Serialize + ?Sized>(value: &T) -> Result<String, Problem> {
    serde_json::to_string(value).map_err(|error| {
        tracing::error!(%error, "a verdict can't be written");
        Problem::new(Code::Internal)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::appeals::Wording;

    #[test]
    fn a_verdict_equals_the_json_that_serde_writes() {
        let copy = json!({"heading": "\"Help\"\nus", "body": ["It costs."], "cta": "Give"});
        let wording = Wording::of(&serde_json::from_value(copy).unwrap());
        let full_verdict = || VerdictBody {
            show: true,
            surface: Some("banner"),
            kind: Some("ask"),
            appeal: Some("\"summer\\"),
            variant: Some("a"),
            closable: Some(true),
            attribution: Some("signed".to_owned()),
            content: Some(wording.with(None, None, None, None)),
            values: Some(TemplateValues::default()),
            next_eligible_at: Some("2026-11-23T08:00:00Z".to_owned()),
            ..VerdictBody::silent("matched")
        };
        let warnings = ["\"ulr\"".to_owned(), "tag".to_owned()];
        let bodies = [
            full_verdict(),
            VerdictBody::silent("share"),
            VerdictBody { surface: None, closable: Some(false), values: None, ..full_verdict() },
            VerdictBody { kind: None, appeal: None, content: None, warnings: &warnings, ..full_verdict() },
            VerdictBody { warnings: &warnings, ..VerdictBody::silent("share") },
            VerdictBody {
                variant: None,
                closable: None,
                token_problem: Some(Code::TokenExpired.as_str()),
                attribution: None,
                next_eligible_at: None,
                ..full_verdict()
            },
        ];
        for body in bodies {
            let json = String::from_utf8(verdict_to_json(&body).unwrap()).unwrap();
            assert_eq!(json, serde_json::to_string(&body).unwrap());
        }
    }
}
