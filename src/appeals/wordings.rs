//! A variant's copy in all its languages, and the choice of a language for a reader.

use std::collections::BTreeMap;

use keepopen_decision::{Device, Reader};
use rustc_hash::FxHashMap;
use serde_json::value::RawValue;

use super::Copy;
use super::locale::{is_tag, lookup};
use super::wording::{Wording, json};
use crate::sites::SiteSettings;

/// A variant's copy in all its languages.
#[derive(Debug)]
pub struct Wordings {
    /// The copy in each language, with translations first. If two fit a reader equally well, the first is chosen. So a
    /// translation into the site's language is preferred to an original without a tag, which may be in any language.
    languages: Box<[Language]>,
    /// The language of each site, by the site's id.
    sites: FxHashMap<String, Tag>,
}

/// The copy in one language.
#[derive(Debug)]
struct Language {
    /// `None` if the copy is in the language of each site.
    tag: Option<Tag>,
    wording: Wording,
    on_phones: Option<Wording>,
}

/// A language tag, as text and as JSON.
#[derive(Debug)]
struct Tag {
    text: Box<str>,
    json: Box<RawValue>,
}

impl Tag {
    fn new(text: &str) -> Self {
        Self { text: text.into(), json: json(text) }
    }
}

impl Wordings {
    /// Serialises `copy` in every language. `ids` are the appeal's sites.
    pub fn of(copy: &Copy, ids: &[String], sites: &BTreeMap<String, SiteSettings>) -> Self {
        let translated = copy.translations.iter().map(|(tag, copy_text)| (Some(tag), copy_text));
        let original = std::iter::once((copy.locale.as_ref(), &copy.original));
        let languages = translated.chain(original).map(|(tag, copy_text)| Language {
            tag: tag.map(|tag| Tag::new(tag)),
            wording: Wording::of(&copy_text.on_large_screens()),
            on_phones: copy_text.on_phones().as_ref().map(Wording::of),
        });
        let sites = ids.iter().filter_map(|id| Some((id.clone(), Tag::new(&sites.get(id)?.locale))));
        Self { languages: languages.collect(), sites: sites.collect() }
    }

    /// Returns the copy for a reader of `site`, and the tag of its language as JSON. The copy is in the reader's
    /// language if possible, otherwise in the site's.
    pub fn choose(&self, site: &str, reader: &Reader<'_>) -> (&Wording, Option<&RawValue>) {
        let site_tag = self.sites.get(site);
        let site_language = site_tag.map_or("", |tag| &tag.text);
        let tags = self.languages.iter().map(|it| it.tag.as_ref().map_or(site_language, |tag| &tag.text));
        let find = |wanted: &str| lookup(tags.clone(), wanted);
        let index = reader.locale.as_deref().and_then(find).or_else(|| find(site_language)).unwrap_or(0);
        let language = &self.languages[index];
        let is_phone = reader.device.as_deref().and_then(Device::parse) == Some(Device::Mobile);
        let wording = language.on_phones.as_ref().filter(|_| is_phone).unwrap_or(&language.wording);
        (wording, language.tag.as_ref().or(site_tag).map(|tag| &*tag.json))
    }
}

/// The problems of the language tags of `copy`: a tag that is invalid or used twice. Each problem is the path of the
/// field within the copy, and a message.
pub fn problems(copy: &Copy) -> Vec<(String, String)> {
    let mut problems = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    let original = copy.locale.iter().map(|tag| (".locale".to_owned(), tag));
    let translated = copy.translations.keys().map(|tag| (format!(".translations.{tag}"), tag));
    for (path, tag) in original.chain(translated) {
        if !is_tag(tag) {
            problems.push((path, format!("{tag:?} is not a language tag such as \"en\" or \"pt-BR\".")));
        } else if seen.iter().any(|other| other.eq_ignore_ascii_case(tag)) {
            problems.push((path, format!("there is already a text in {tag:?}: remove one of the two.")));
        } else {
            seen.push(tag);
        }
    }
    problems
}

/// The missing translations: one problem for each site in `ids` for which `copy` has no text in the site's language.
/// Empty if `copy` has no `locale`, because each site then treats the original as a text in the site's own language.
/// The result has the form of [`problems`].
pub fn missing_translations(
    copy: &Copy,
    ids: &[String],
    sites: &BTreeMap<String, SiteSettings>,
) -> Vec<(String, String)> {
    let Some(original) = copy.locale.as_deref() else { return Vec::new() };
    let tags = std::iter::once(original).chain(copy.translations.keys().map(String::as_str));
    let sites = ids.iter().filter_map(|id| Some((id, &sites.get(id)?.locale)));
    sites
        .filter(|(_, wanted)| lookup(tags.clone(), wanted).is_none())
        .map(|(id, wanted)| {
            let sentence = format!(
                "it is missing: the site {id:?} is in {wanted:?}, and there is no text in that language."
            );
            (format!(".translations.{wanted}"), sentence)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn sites() -> BTreeMap<String, SiteSettings> {
        let site = |locale: &str| {
            let site = json!({"name": "J", "origins": [], "currency": "EUR", "locale": locale, "giving": {}});
            serde_json::from_value(site).unwrap()
        };
        [("dublin", "en-IE"), ("berlin", "de"), ("paris", "fr")]
            .map(|(id, tag)| (id.to_owned(), site(tag)))
            .into()
    }

    fn ids() -> Vec<String> {
        sites().into_keys().collect()
    }

    fn copy(fields: &Value) -> Copy {
        serde_json::from_value(fields.clone()).unwrap()
    }

    /// Returns the heading that is sent to the reader, and its language.
    fn heading(copy: &Copy, site: &str, reader: &Value) -> (String, String) {
        let text = reader.to_string();
        let reader: Reader<'_> = serde_json::from_str(&text).unwrap();
        let wordings = Wordings::of(copy, &ids(), &sites());
        let (wording, tag) = wordings.choose(site, &reader);
        let content = serde_json::to_value(wording.with(tag, None, None, None)).unwrap();
        let text = |name: &str| content[name].as_str().unwrap().to_owned();
        (text("heading"), text("locale"))
    }

    #[test]
    fn a_reader_gets_copy_in_their_own_language_or_in_the_language_of_the_site() {
        let copy = copy(&json!({
            "locale": "en", "heading": "Help",
            "translations": {"de": {"heading": "Hilfe"}, "de-CH": {"heading": "Hilf"}},
        }));
        for (site, reader, wanted) in [
            ("dublin", json!({}), ("Help", "en")),
            ("dublin", json!({"locale": "de_AT"}), ("Hilfe", "de")),
            ("dublin", json!({"locale": "de-ch"}), ("Hilf", "de-CH")),
            ("dublin", json!({"locale": "fr"}), ("Help", "en")),
            ("berlin", json!({"locale": "fr"}), ("Hilfe", "de")),
            ("berlin", json!({"locale": ""}), ("Hilfe", "de")),
            ("berlin", json!({"locale": "en-US"}), ("Help", "en")),
        ] {
            assert_eq!(
                heading(&copy, site, &reader),
                (wanted.0.to_owned(), wanted.1.to_owned()),
                "{site} {reader}"
            );
        }
    }

    #[test]
    fn copy_without_a_locale_is_in_the_language_of_each_site() {
        let copy = copy(&json!({"heading": "Help", "translations": {"de": {"heading": "Hilfe"}}}));
        assert_eq!(missing_translations(&copy, &ids(), &sites()), []);
        for (site, reader, wanted) in [
            ("dublin", json!({}), ("Help", "en-IE")),
            ("dublin", json!({"locale": "de"}), ("Hilfe", "de")),
            ("paris", json!({"locale": "fr-BE"}), ("Help", "fr")),
            // The translation is known to be in German, the site's language. The original may be in any language.
            ("berlin", json!({}), ("Hilfe", "de")),
        ] {
            assert_eq!(
                heading(&copy, site, &reader),
                (wanted.0.to_owned(), wanted.1.to_owned()),
                "{site} {reader}"
            );
        }
    }

    #[test]
    fn on_phones_the_mobile_heading_replaces_the_heading() {
        let copy = copy(&json!({
            "heading": "Help us today", "body": ["Long"], "cta": "Give {gift}", "mobile": {"heading": "Help"},
            "translations": {"de": {"heading": "Helfen Sie", "mobile": {"heading": "Hilfe"}}},
        }));
        let heading_on = |device: &str, locale: &str| {
            heading(&copy, "dublin", &json!({"device": device, "locale": locale})).0
        };
        assert_eq!(
            [heading_on("mobile", "en"), heading_on("tablet", "en"), heading_on("desktop", "en")],
            ["Help", "Help us today", "Help us today"]
        );
        assert_eq!([heading_on("Mobile", "de"), heading_on("tablet", "de")], ["Hilfe", "Helfen Sie"]);
    }

    #[test]
    fn a_missing_translation_is_reported_with_the_field_to_write() {
        let copy =
            copy(&json!({"locale": "en", "heading": "Help", "translations": {"fr-FR": {"heading": "Aide"}}}));
        let missing = missing_translations(&copy, &ids(), &sites());
        let paths: Vec<_> = missing.into_iter().map(|(path, _)| path).collect();
        assert_eq!(
            paths,
            [".translations.de", ".translations.fr"],
            "a text in fr-FR must not count as a text in fr"
        );
    }

    #[test]
    fn an_invalid_or_repeated_tag_is_reported_with_its_field() {
        let copy_text = json!({"heading": "Help"});
        let copy = copy(&json!({
            "locale": "en_IE", "heading": "Help",
            "translations": {"DE": copy_text, "de": copy_text, "german": copy_text, "german!": copy_text},
        }));
        let paths: Vec<_> = problems(&copy).into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, [".locale", ".translations.de", ".translations.german!"]);
    }
}
