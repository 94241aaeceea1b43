//! The question as the contract shows it, and as a query.

use std::borrow::Cow;
use std::collections::BTreeMap;

use keepopen_decision::{Page, Question, Reader, Surface, Text, near_miss};
use serde::Deserialize;
use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder, Type};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::problem::{Code, Problem};
use super::stated::StatedSupporter;
use super::words::{DismissalKindShape, SurfaceShape};

/// What a page says of itself and of its reader. All but `site` may be left
/// out; unknown fields are ignored. (This is the shape for people; the
/// decision reads it in its own type.)
#[derive(utoipa::ToSchema)]
#[schema(as = Question)]
#[expect(dead_code, reason = "it is only shown in the contract")]
pub struct QuestionShape {
    /// The site's id.
    #[schema(example = "journal")]
    site: String,
    /// Where the page has room; left out: everywhere.
    surfaces: Option<Vec<SurfaceShape>>,
    page: Option<PageShape>,
    reader: Option<ReaderShape>,
    history: Option<HistoryShape>,
    /// The supporter token.
    token: Option<String>,
}

/// The page.
#[derive(utoipa::ToSchema)]
#[schema(as = Page)]
#[expect(dead_code, reason = "it is only shown in the contract")]
pub struct PageShape {
    /// Its address.
    url: Option<String>,
    /// Its section, in any case.
    section: Option<String>,
    /// Its tags, in any case.
    tags: Option<Vec<String>>,
    /// What kind of page it is, such as `article` or `front`.
    kind: Option<String>,
    /// Whether an appeal would be out of place on it.
    sensitive: Option<bool>,
    /// Whether somebody paid for it to be there.
    paid: Option<bool>,
    /// Which page of this visit it is, from 1.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_i64)]
    ordinal: Option<u32>,
}

/// What is known of the reader without knowing who it is.
#[derive(utoipa::ToSchema)]
#[schema(as = Reader)]
#[expect(dead_code, reason = "it is only shown in the contract")]
pub struct ReaderShape {
    /// ISO 3166-1 code of two letters.
    country: Option<String>,
    /// The region's code within the country.
    region: Option<String>,
    /// BCP 47 tag.
    locale: Option<String>,
    /// Kind of device.
    device: Option<String>,
    /// Whether the reader is signed in with the site.
    signed_in: Option<bool>,
    /// `granted` or `denied`.
    consent: Option<String>,
    /// A number from 0 to 999,999 that this reader keeps, so that the same variant comes back.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_i64)]
    bucket: Option<u32>,
    /// Facts of the site's own, those of its `traits` that the reader has.
    #[schema(example = json!(["print_subscriber"]))]
    traits: Option<Vec<String>>,
}

/// What the reader's browser remembers. Left out is not the same as empty.
#[derive(utoipa::ToSchema)]
#[schema(as = History)]
#[expect(dead_code, reason = "it is only shown in the contract")]
pub struct HistoryShape {
    views: Option<Vec<ViewShape>>,
    dismissals: Option<Vec<DismissalShape>>,
    articles: Option<Vec<ArticleWeekShape>>,
    /// Articles by day, without the page that asks. An appeal's meter counts those of the days in its `window_days`: today, in the
    /// site's time zone, and the days before it. A later day counts as today.
    article_days: Option<Vec<ArticleDayShape>>,
    /// For a caller that counts free articles itself: how many were used before the page that asks, in whatever window. Ignored where
    /// there are `article_days`.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_i64)]
    free_articles_used: Option<u32>,
}

/// One time an appeal was seen.
#[derive(utoipa::ToSchema)]
#[schema(as = View)]
#[expect(dead_code, reason = "it is only shown in the contract")]
pub struct ViewShape {
    appeal: String,
    variant: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    at: String,
}

/// One time an appeal was sent away.
#[derive(utoipa::ToSchema)]
#[schema(as = Dismissal)]
#[expect(dead_code, reason = "it is only shown in the contract")]
pub struct DismissalShape {
    appeal: String,
    kind: DismissalKindShape,
    /// When.
    #[schema(format = DateTime)]
    at: String,
}

/// Articles read in one week.
#[derive(utoipa::ToSchema)]
#[schema(as = ArticleWeek)]
#[expect(dead_code, reason = "it is only shown in the contract")]
pub struct ArticleWeekShape {
    /// The week's Monday, as a date.
    week: String,
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_i64)]
    count: Option<u32>,
    /// How many of them with each tag.
    tags: Option<BTreeMap<String, Count>>,
}

/// Articles read on one day.
#[derive(utoipa::ToSchema)]
#[schema(as = ArticleDay)]
#[expect(dead_code, reason = "it is only shown in the contract")]
pub struct ArticleDayShape {
    /// The date in the reader's calendar.
    #[schema(format = Date, example = "2026-11-28")]
    day: String,
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_i64)]
    count: Option<u32>,
}

/// How many.
#[derive(utoipa::ToSchema)]
#[schema(minimum = 0, maximum = 4_294_967_295_i64)]
#[expect(dead_code, reason = "it is only shown in the contract")]
pub struct Count(i64);

/// A question with a note beside its fields, for the contract.
macro_rules! with_note {
    ($($shape:ident = $name:literal, $required:literal: $description:literal;)+) => {
        $(
            #[doc = $description]
            pub struct $shape;

            impl PartialSchema for $shape {
                fn schema() -> RefOr<Schema> {
                    let text = ObjectBuilder::new().schema_type(Type::String).description(Some(NOTE));
                    let mut note = ObjectBuilder::new().property("preview", text);
                    if $required {
                        note = note.required("preview");
                    }
                    let question = Ref::from_schema_name(QuestionShape::name());
                    AllOfBuilder::new().item(question).item(note).description(Some($description)).into()
                }
            }

            impl ToSchema for $shape {
                fn name() -> Cow<'static, str> {
                    Cow::Borrowed($name)
                }

                fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                    schemas.push((QuestionShape::name().into_owned(), QuestionShape::schema()));
                    QuestionShape::schemas(schemas);
                }
            }
        )+
    };
}

const NOTE: &str = "The note that stands in the address of a preview's page as `keepopen_preview`.";

with_note! {
    PreviewQuestionShape = "PreviewQuestion", true: "A question, and what is to be shown.";
    ExplainQuestionShape = "ExplainQuestion", false: "A question, and a preview's note where there is no key.";
}

/// A question with the standing that a back end states beside its fields, for the contract.
pub struct BannerQuestionShape;

impl PartialSchema for BannerQuestionShape {
    fn schema() -> RefOr<Schema> {
        let stated = AllOfBuilder::new()
            .item(Ref::from_schema_name(StatedSupporter::name()))
            .description(Some(STATED));
        AllOfBuilder::new()
            .item(Ref::from_schema_name(QuestionShape::name()))
            .item(ObjectBuilder::new().property("supporter", stated))
            .description(Some("A question; a site's back end may state the reader's standing."))
            .into()
    }
}

impl ToSchema for BannerQuestionShape {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("BannerQuestion")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((QuestionShape::name().into_owned(), QuestionShape::schema()));
        QuestionShape::schemas(schemas);
        schemas.push((StatedSupporter::name().into_owned(), StatedSupporter::schema()));
        StatedSupporter::schemas(schemas);
    }
}

const STATED: &str = "What the site's own back end knows of the reader. It outweighs `token`. Only with an API key of scope `banner:ask`.";

/// The question of an anonymous reader, in a query.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct QuestionQuery {
    /// The site's id.
    #[param(example = "journal")]
    site: String,
    /// Surfaces the page has room for, with commas between; left out: everywhere.
    #[param(pattern = "^((banner|inline|wall)(,(banner|inline|wall))*)?$", example = "banner,inline")]
    surfaces: Option<String>,
    /// The page's address.
    url: Option<String>,
    /// The page's section.
    section: Option<String>,
    /// The page's tags, with commas between.
    tags: Option<String>,
    /// What kind of page it is.
    kind: Option<String>,
    /// Whether an appeal would be out of place on the page.
    sensitive: Option<bool>,
    /// Whether somebody paid for the page to be there.
    paid: Option<bool>,
    /// Which page of this visit it is.
    #[param(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_i64)]
    ordinal: Option<u32>,
    /// ISO 3166-1 code of two letters.
    country: Option<String>,
    /// The region's code within the country.
    region: Option<String>,
    /// BCP 47 tag.
    locale: Option<String>,
    /// Kind of device.
    device: Option<String>,
    /// A number from 0 to 999,999 that this reader keeps.
    #[param(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_i64)]
    bucket: Option<u32>,
    /// Facts of the site's own, those of its `traits` that the reader has, with commas between.
    traits: Option<String>,
    /// Refused: a token must not stand in a URL.
    #[param(ignore)]
    token: Option<String>,
}

impl QuestionQuery {
    /// The question it asks.
    ///
    /// # Errors
    /// It holds a token, or a surface that there is not.
    pub fn question(&self) -> Result<Question<'_>, Problem> {
        if self.token.is_some() {
            return Err(Code::TokenInUrl.into());
        }
        let text = |field: &'_ Option<String>| field.as_deref().map(str::to_owned).map(Text::from);
        let surfaces = listed(self.surfaces.as_deref()).map(surface).collect::<Result<_, _>>()?;
        Ok(Question {
            site: Text::from(self.site.as_str()),
            surfaces,
            page: Page {
                url: text(&self.url),
                section: text(&self.section),
                tags: listed(self.tags.as_deref()).map(Text::from).collect(),
                kind: text(&self.kind),
                sensitive: self.sensitive.unwrap_or(false),
                paid: self.paid.unwrap_or(false),
                ordinal: self.ordinal,
            },
            reader: Reader {
                country: text(&self.country),
                region: text(&self.region),
                locale: text(&self.locale),
                device: text(&self.device),
                bucket: self.bucket,
                traits: listed(self.traits.as_deref()).map(Text::from).collect(),
                ..Reader::default()
            },
            ..Question::default()
        })
    }
}

/// The names of the query's parameters, for [`slips`].
const PARAMETERS: [&str; 15] = [
    "site",
    "surfaces",
    "url",
    "section",
    "tags",
    "kind",
    "sensitive",
    "paid",
    "ordinal",
    "country",
    "region",
    "locale",
    "device",
    "bucket",
    "traits",
];

/// Warns of parameters that are not known and look like a slip.
pub fn slips(query: &str) -> Vec<String> {
    let names = query.split('&').filter_map(|pair| pair.split('=').next());
    let unknown = names.filter(|name| !PARAMETERS.contains(name));
    let slip = |name: &str| {
        let meant = near_miss(name, &PARAMETERS)?;
        Some(format!("{name} is not known and was ignored; did you mean {meant}?"))
    };
    unknown.filter_map(slip).take(PARAMETERS.len()).collect()
}

fn listed(text: Option<&str>) -> impl Iterator<Item = &str> {
    text.unwrap_or_default().split(',').map(str::trim).filter(|part| !part.is_empty())
}

fn surface(word: &str) -> Result<Surface, Problem> {
    Surface::ALL
        .into_iter()
        .find(|surface| surface.as_str() == word)
        .ok_or_else(|| Problem::with(Code::InvalidRequest, "surfaces: banner, inline or wall"))
}
