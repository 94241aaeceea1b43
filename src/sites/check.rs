//! Validates the settings of every site before anything starts.

use url::Url;

use super::{Settings, SiteSettings, giving};
use crate::config::{ConfigError, is_http_url};

/// Checks the rules that the settings' types can't express.
pub(super) fn check(settings: &Settings) -> Result<(), ConfigError> {
    settings.sites.iter().try_for_each(|(id, site)| check_site(id, site))?;
    check_rules(settings)
}

/// Reports the first problem that the crate `keepopen_decision` finds in the sites' rules.
fn check_rules(settings: &Settings) -> Result<(), ConfigError> {
    let sites: Vec<_> = settings.sites.iter().map(|(id, site)| site.rules(id)).collect();
    let (_, problems) = keepopen_decision::compile(&sites, &[]);
    match problems.first() {
        Some(problem) => {
            let site = problem.site.as_deref().unwrap_or_default();
            invalid(format!("sites.{site}.rules.{}: {}", problem.field_path, problem.sentence))
        }
        None => Ok(()),
    }
}

fn check_site(id: &str, site: &SiteSettings) -> Result<(), ConfigError> {
    let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if id.is_empty() || id.len() > 40 || !id.chars().all(is_allowed) {
        return invalid(format!("sites.{id}: an id is 1 to 40 lowercase letters, digits, - or _"));
    }
    for origin in &site.origins {
        let is_exact = !origin.contains('*')
            && Url::parse(origin)
                .is_ok_and(|url| is_http_url(&url) && url.origin().ascii_serialization() == *origin);
        if !is_exact {
            return invalid(format!(
                "sites.{id}.origins: `{origin}` is not an exact origin; write it as https://www.example.org, without a path or a slash at its end"
            ));
        }
    }
    if language_tags::LanguageTag::parse(&site.locale).is_err() {
        return invalid(format!(
            "sites.{id}.locale: `{}` is not a language tag, such as en or pt-BR",
            site.locale
        ));
    }
    if jiff::tz::TimeZone::get(&site.time_zone).is_err() {
        return invalid(format!(
            "sites.{id}.time_zone: `{}` is not an IANA time zone, such as Europe/Dublin",
            site.time_zone
        ));
    }
    if !site.giving.contains_key(&site.currency) {
        return invalid(format!(
            "sites.{id}.giving has no table for the site's currency {}; add [sites.{id}.giving.{0}]",
            site.currency
        ));
    }
    giving::check(id, site).map_err(ConfigError::Wrong)
}

fn invalid(sentence: impl Into<String>) -> Result<(), ConfigError> {
    Err(ConfigError::Wrong(sentence.into()))
}
