//! The schema of a question (a banner request), and a question in query parameters.

use std::borrow::Cow;
use std::collections::BTreeMap;

use keepopen_decision::{Page, Question, Reader, Surface, Text, near_miss};
use serde::Deserialize;
use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder, Type};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::stated::StatedSupporter;
use super::words::{DismissalKindShape, SurfaceShape};
use crate::web::problem::{Code, Problem};

/// A banner request: a page's description of itself and of its reader. Only `site` is required. Unknown fields are
/// ignored.
#[derive(utoipa::ToSchema)]
#[schema(as = Question)]
#[expect(dead_code, reason = "only used for the API description")]
pub struct QuestionShape {
    /// The site's id.
    #[schema(example = "journal")]
    site: String,
    /// The surfaces that the page has a place for; all surfaces if omitted.
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
#[expect(dead_code, reason = "only used for the API description")]
pub struct PageShape {
    /// The page's URL.
    url: Option<String>,
    /// The page's section. Upper and lower case are treated as the same.
    section: Option<String>,
    /// The page's tags. Upper and lower case are treated as the same.
    tags: Option<Vec<String>>,
    /// The kind of page, such as `article` or `front`.
    kind: Option<String>,
    /// Whether an appeal would be out of place on the page, for example next to a report of an accident.
    sensitive: Option<bool>,
    /// Whether the page is sponsored.
    paid: Option<bool>,
    /// The position of this page in the reader's visit, counted from 1.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_i64)]
    ordinal: Option<u32>,
}

/// What is known about the reader, without identifying them.
#[derive(utoipa::ToSchema)]
#[schema(as = Reader)]
#[expect(dead_code, reason = "only used for the API description")]
pub struct ReaderShape {
    /// The reader's country: a two-letter ISO 3166-1 code.
    country: Option<String>,
    /// The reader's region: its code within the country.
    region: Option<String>,
    /// The reader's language: a BCP 47 tag.
    locale: Option<String>,
    /// The kind of device: `mobile`, `tablet` or `desktop`.
    device: Option<String>,
    /// Whether the reader is signed in to the site.
    signed_in: Option<bool>,
    /// Whether the reader agreed to be remembered: `granted` or `denied`.
    consent: Option<String>,
    /// A number from 0 to 999,999 that you store for this reader. With the same number, the reader always gets the
    /// same variant.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_i64)]
    bucket: Option<u32>,
    /// Which of the site's `traits` the reader has.
    #[schema(example = json!(["print_subscriber"]))]
    traits: Option<Vec<String>>,
}

/// What the reader's browser remembers. An omitted history is unknown; an empty one means that the reader has seen
/// nothing.
#[derive(utoipa::ToSchema)]
#[schema(as = History)]
#[expect(dead_code, reason = "only used for the API description")]
pub struct HistoryShape {
    views: Option<Vec<ViewShape>>,
    dismissals: Option<Vec<DismissalShape>>,
    articles: Option<Vec<ArticleWeekShape>>,
    /// The number of articles on each day, without the current page. An appeal's meter counts the articles of the
    /// last `window_days` days, up to today in the site's time zone. A date in the future counts as today.
    article_days: Option<Vec<ArticleDayShape>>,
    /// For a caller that counts free articles itself: how many the reader used before the current page, in whatever
    /// period the caller counts. Ignored if there are `article_days`.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_i64)]
    free_articles_used: Option<u32>,
}

/// One view of an appeal.
#[derive(utoipa::ToSchema)]
#[schema(as = View)]
#[expect(dead_code, reason = "only used for the API description")]
pub struct ViewShape {
    appeal: String,
    variant: Option<String>,
    /// When the reader saw the appeal, RFC 3339.
    #[schema(format = DateTime)]
    at: String,
}

/// One dismissal of an appeal.
#[derive(utoipa::ToSchema)]
#[schema(as = Dismissal)]
#[expect(dead_code, reason = "only used for the API description")]
pub struct DismissalShape {
    appeal: String,
    kind: DismissalKindShape,
    /// When the reader dismissed the appeal, RFC 3339.
    #[schema(format = DateTime)]
    at: String,
}

/// Articles read in one week.
#[derive(utoipa::ToSchema)]
#[schema(as = ArticleWeek)]
#[expect(dead_code, reason = "only used for the API description")]
pub struct ArticleWeekShape {
    /// The date of the week's Monday.
    week: String,
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_i64)]
    count: Option<u32>,
    /// The number of articles with each tag.
    tags: Option<BTreeMap<String, Count>>,
}

/// Articles read on one day.
#[derive(utoipa::ToSchema)]
#[schema(as = ArticleDay)]
#[expect(dead_code, reason = "only used for the API description")]
pub struct ArticleDayShape {
    /// The date on which the articles were read, in the time zone of the reader's browser.
    #[schema(format = Date, example = "2026-11-28")]
    day: String,
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_i64)]
    count: Option<u32>,
}

/// The number of articles.
#[derive(utoipa::ToSchema)]
#[schema(minimum = 0, maximum = 4_294_967_295_i64)]
#[expect(dead_code, reason = "only used for the API description")]
pub struct Count(i64);

/// The schema of a question with a preview in addition to its fields.
macro_rules! with_preview {
    ($($shape:ident = $name:literal, $required:literal: $description:literal;)+) => {
        $(
            #[doc = $description]
            pub struct $shape;

            impl PartialSchema for $shape {
                fn schema() -> RefOr<Schema> {
                    let text = ObjectBuilder::new().schema_type(Type::String);
                    let text = text.description(Some(PREVIEW_DESCRIPTION));
                    let mut preview = ObjectBuilder::new().property("preview", text);
                    if $required {
                        preview = preview.required("preview");
                    }
                    let question = Ref::from_schema_name(QuestionShape::name());
                    AllOfBuilder::new().item(question).item(preview).description(Some($description)).into()
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

const PREVIEW_DESCRIPTION: &str = "The signed value that is in the preview page's URL as `keepopen_preview`.";

with_preview! {
    PreviewQuestionShape = "PreviewQuestion", true: "A banner request, and the preview to show.";
    ExplainQuestionShape = "ExplainQuestion", false: "A banner request. Without an API key, it also needs a preview's signed value.";
}

/// The schema of a question with the standing that a back end states.
pub struct BannerQuestionShape;

impl PartialSchema for BannerQuestionShape {
    fn schema() -> RefOr<Schema> {
        let stated = AllOfBuilder::new()
            .item(Ref::from_schema_name(StatedSupporter::name()))
            .description(Some(SUPPORTER_DESCRIPTION));
        AllOfBuilder::new()
            .item(Ref::from_schema_name(QuestionShape::name()))
            .item(ObjectBuilder::new().property("supporter", stated))
            .description(Some("A banner request. A site's back end can state the reader's standing."))
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

const SUPPORTER_DESCRIPTION: &str = "What the site's own back end knows about the reader. It takes precedence over `token`. A request with this field needs a secret API key of scope `banner:ask`.";

/// A question about an anonymous reader, as query parameters.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct QuestionQuery {
    /// The site's id.
    #[param(example = "journal")]
    site: String,
    /// The surfaces that the page has a place for, separated by commas; all surfaces if omitted.
    #[param(pattern = "^((banner|inline|wall)(,(banner|inline|wall))*)?$", example = "banner,inline")]
    surfaces: Option<String>,
    /// The page's URL.
    url: Option<String>,
    /// The page's section.
    section: Option<String>,
    /// The page's tags, separated by commas.
    tags: Option<String>,
    /// The kind of page, such as `article` or `front`.
    kind: Option<String>,
    /// Whether an appeal would be out of place on the page, for example next to a report of an accident.
    sensitive: Option<bool>,
    /// Whether the page is sponsored.
    paid: Option<bool>,
    /// The position of this page in the reader's visit, counted from 1.
    #[param(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_i64)]
    ordinal: Option<u32>,
    /// The reader's country: a two-letter ISO 3166-1 code.
    country: Option<String>,
    /// The reader's region: its code within the country.
    region: Option<String>,
    /// The reader's language: a BCP 47 tag.
    locale: Option<String>,
    /// The kind of device: `mobile`, `tablet` or `desktop`.
    device: Option<String>,
    /// A number from 0 to 999,999 that you store for this reader. With the same number, the reader always gets the
    /// same variant.
    #[param(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_i64)]
    bucket: Option<u32>,
    /// Which of the site's `traits` the reader has, separated by commas.
    traits: Option<String>,
    /// A query with a token is refused, because a token must not be in a URL.
    #[param(ignore)]
    token: Option<String>,
}

impl QuestionQuery {
    /// Converts the query to a question.
    ///
    /// # Errors
    /// The query contains a token, or an unknown surface.
    pub fn question(&self) -> Result<Question<'_>, Problem> {
        if self.token.is_some() {
            return Err(Code::TokenInUrl.into());
        }
        let text = |field: &'_ Option<String>| field.as_deref().map(str::to_owned).map(Text::from);
        let surfaces = split_list(self.surfaces.as_deref()).map(parse_surface).collect::<Result<_, _>>()?;
        Ok(Question {
            site: Text::from(self.site.as_str()),
            surfaces,
            page: Page {
                url: text(&self.url),
                section: text(&self.section),
                tags: split_list(self.tags.as_deref()).map(Text::from).collect(),
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
                traits: split_list(self.traits.as_deref()).map(Text::from).collect(),
                ..Reader::default()
            },
            ..Question::default()
        })
    }
}

/// The names of the query's parameters, with which [`parameter_warnings`] compares unknown names.
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

/// Returns a warning for each unknown parameter that looks like a misspelt name.
pub fn parameter_warnings(query: &str) -> Vec<String> {
    let names = query.split('&').filter_map(|pair| pair.split('=').next());
    let unknown = names.filter(|name| !PARAMETERS.contains(name));
    let warning = |name: &str| {
        let similar = near_miss(name, &PARAMETERS)?;
        Some(format!("{name} is not known and was ignored; did you mean {similar}?"))
    };
    unknown.filter_map(warning).take(PARAMETERS.len()).collect()
}

fn split_list(text: Option<&str>) -> impl Iterator<Item = &str> {
    text.unwrap_or_default().split(',').map(str::trim).filter(|part| !part.is_empty())
}

fn parse_surface(label: &str) -> Result<Surface, Problem> {
    Surface::ALL
        .into_iter()
        .find(|surface| surface.as_str() == label)
        .ok_or_else(|| Problem::with(Code::InvalidRequest, "surfaces: must be banner, inline or wall"))
}
