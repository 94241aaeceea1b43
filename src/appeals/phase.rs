//! What readers get of an appeal now.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

/// What readers get of an appeal now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Never published.
    Draft,
    /// Published, and its time has not come.
    Scheduled,
    /// Shown to those it is for.
    Live,
    /// Held back.
    Paused,
    /// Ended by hand, or past its end.
    Ended,
}

/// The phase of an appeal that was published in `state` (`live`, `paused` or `ended`), at `now_ms`
/// (milliseconds since 1970).
pub fn phase(state: &str, fields: &Map<String, Value>, now_ms: i64) -> Phase {
    let bound_ms = |name: &str| {
        let text = fields.get("schedule")?.get(name)?.as_str()?;
        text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
    };
    match state {
        "ended" => Phase::Ended,
        // The last minute belongs to it.
        _ if bound_ms("ends_at").is_some_and(|end_ms| now_ms.div_euclid(60_000) > end_ms.div_euclid(60_000)) => {
            Phase::Ended
        }
        "paused" => Phase::Paused,
        _ if bound_ms("starts_at")
            .is_some_and(|start_ms| now_ms.div_euclid(60_000) < start_ms.div_euclid(60_000)) =>
        {
            Phase::Scheduled
        }
        _ => Phase::Live,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_moves_an_appeal_from_scheduled_to_live_to_ended() {
        let fields = serde_json::json!({"schedule": {"starts_at": "2026-06-01T00:00:00Z", "ends_at": "2026-06-30T23:59:00Z"}});
        let fields = fields.as_object().unwrap();
        let at = |state: &str, time: &str| {
            phase(state, fields, time.parse::<Timestamp>().unwrap().as_millisecond())
        };
        assert_eq!(at("live", "2026-05-31T23:59:59Z"), Phase::Scheduled);
        assert_eq!(at("live", "2026-06-01T00:00:00Z"), Phase::Live);
        assert_eq!(at("live", "2026-06-30T23:59:59Z"), Phase::Live);
        assert_eq!(at("live", "2026-07-01T00:00:00Z"), Phase::Ended);
        assert_eq!(at("paused", "2026-06-02T00:00:00Z"), Phase::Paused);
        assert_eq!(at("ended", "2026-06-02T00:00:00Z"), Phase::Ended);
        assert_eq!(phase("live", &Map::new(), 0), Phase::Live);
    }
}
