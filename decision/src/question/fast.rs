//! Parses questions (requests for a decision) in the form that browsers and most libraries write.
//!
//! A reader's history is most of a question. With a general JSON parser, parsing would take most of the time of a
//! decision. This parser therefore accepts only the common form: known fields, each once, texts without escapes, whole
//! numbers, and at most one space after a colon or a comma. For any other form it returns `None`, and the caller uses
//! serde. Both parsers read the common form in the same way.

use super::cursor::Cursor;
use super::text::Text;
use super::{ArticleDay, ArticleWeek, Dismissed, History, Page, Question, Reader, TagCounts, View};
use crate::calendar::date_of;
use crate::labels::{DismissalKind, Surface};

/// Parses a question in the form that browsers and most libraries write. Returns `None` if serde must parse the
/// question. The question may still be valid.
pub fn fast_question(json: &str) -> Option<Question<'_>> {
    let mut cursor = Cursor { json, at: 0 };
    let question = cursor.question()?;
    (cursor.at == json.len()).then_some(question)
}

/// A JSON object of numbers by tag. It has been checked, and is parsed when it is used.
#[derive(Clone, Copy, Debug)]
pub struct UnparsedCounts<'a> {
    object: &'a str,
}

impl<'a> UnparsedCounts<'a> {
    /// Returns each name with its number.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, u32)> {
        // The cursor starts after the opening brace.
        let mut cursor = Cursor { json: self.object, at: 1 };
        std::iter::from_fn(move || {
            let count = cursor.tag_count()?;
            cursor.skip_comma();
            Some(count)
        })
    }
}

/// Parses the fields of an object, each at most once, in any order. Parsing is fastest in the order of the macro call,
/// which is the order in which Keepopen's script writes the fields.
macro_rules! fields {
    ($cursor:ident: $($name:ident = $read:expr,)+) => {
        $(let mut $name = None;)+
        if !$cursor.eat(b"{") {
            return None;
        }
        'fields: {
            if $cursor.eat(b"}") {
                break 'fields;
            }
            loop {
                let start = $cursor.at;
                $(if $name.is_none() && $cursor.eat(concat!("\"", stringify!($name), "\":").as_bytes()) {
                    $cursor.skip_space();
                    $name = Some($read($cursor)?);
                    if !$cursor.skip_comma() {
                        if $cursor.eat(b"}") {
                            break 'fields;
                        }
                        return None;
                    }
                })+
                if $cursor.at == start {
                    return None;
                }
            }
        }
    };
}

impl<'a> Cursor<'a> {
    fn question(&mut self) -> Option<Question<'a>> {
        fields! { self:
            site = Self::text,
            surfaces = |it: &mut Self| it.nullable(|it| it.list(3, Self::surface)),
            page = |it: &mut Self| it.nullable(Self::page),
            reader = |it: &mut Self| it.nullable(Self::reader),
            token = Self::nullable_text,
            history = |it: &mut Self| it.nullable(Self::history),
        }
        Some(Question {
            site: site?,
            surfaces: surfaces.flatten().unwrap_or_default(),
            page: page.flatten().unwrap_or_default(),
            reader: reader.flatten().unwrap_or_default(),
            history: history.flatten(),
            token: token.flatten(),
        })
    }

    fn page(&mut self) -> Option<Page<'a>> {
        fields! { self:
            url = Self::nullable_text,
            section = Self::nullable_text,
            tags = |it: &mut Self| it.nullable(|it| it.list(8, Self::text)),
            kind = Self::nullable_text,
            sensitive = |it: &mut Self| it.nullable(Self::boolean),
            paid = |it: &mut Self| it.nullable(Self::boolean),
            ordinal = |it: &mut Self| it.nullable(Self::number),
        }
        Some(Page {
            url: url.flatten(),
            section: section.flatten(),
            tags: tags.flatten().unwrap_or_default(),
            kind: kind.flatten(),
            sensitive: sensitive.flatten().unwrap_or_default(),
            paid: paid.flatten().unwrap_or_default(),
            ordinal: ordinal.flatten(),
        })
    }

    fn reader(&mut self) -> Option<Reader<'a>> {
        fields! { self:
            country = Self::nullable_text,
            region = Self::nullable_text,
            locale = Self::nullable_text,
            device = Self::nullable_text,
            signed_in = |it: &mut Self| it.nullable(Self::boolean),
            traits = |it: &mut Self| it.nullable(|it| it.list(2, Self::text)),
            consent = Self::nullable_text,
            bucket = |it: &mut Self| it.nullable(Self::number),
        }
        Some(Reader {
            country: country.flatten(),
            region: region.flatten(),
            locale: locale.flatten(),
            device: device.flatten(),
            signed_in: signed_in.flatten(),
            consent: consent.flatten(),
            bucket: bucket.flatten(),
            traits: traits.flatten().unwrap_or_default(),
        })
    }

    fn history(&mut self) -> Option<History<'a>> {
        fields! { self:
            views = |it: &mut Self| it.nullable(|it| it.list(it.bytes_left() / 64, Self::view)),
            dismissals = |it: &mut Self| it.nullable(|it| it.list(4, Self::dismissed)),
            articles = |it: &mut Self| it.nullable(|it| it.list(it.bytes_left() / 64, Self::week)),
            article_days = |it: &mut Self| it.nullable(|it| it.list(it.bytes_left() / 32, Self::article_day)),
            free_articles_used = |it: &mut Self| it.nullable(Self::number),
        }
        Some(History {
            views: views.flatten().unwrap_or_default(),
            dismissals: dismissals.flatten().unwrap_or_default(),
            articles: articles.flatten().unwrap_or_default(),
            article_days: article_days.flatten(),
            free_articles_used: free_articles_used.flatten(),
        })
    }

    #[inline]
    fn view(&mut self) -> Option<View<'a>> {
        self.try_parse(Self::view_from_script).or_else(|| self.any_view())
    }

    /// Parses `{"appeal":"…","variant":"…","at":"…"}`, as Keepopen's script writes it.
    #[inline]
    fn view_from_script(&mut self) -> Option<View<'a>> {
        let appeal = self.skip(b"{\"appeal\":\"")?.rest_of_plain()?;
        let variant = self.skip(b",\"variant\":\"")?.rest_of_plain()?;
        let at = self.skip(b",\"at\":")?.time()?;
        self.skip(b"}")?;
        Some(View { appeal: appeal.into(), variant: Some(variant.into()), at })
    }

    /// Parses a view whose fields are in any order.
    fn any_view(&mut self) -> Option<View<'a>> {
        fields! { self:
            appeal = Self::plain_text,
            variant = |it: &mut Self| it.nullable(Self::plain_text),
            at = Self::time,
        }
        Some(View { appeal: appeal?.into(), variant: variant.flatten().map(Text::from), at: at? })
    }

    fn dismissed(&mut self) -> Option<Dismissed<'a>> {
        fields! { self:
            appeal = Self::text,
            kind = Self::dismissal_kind,
            at = Self::time,
        }
        Some(Dismissed { appeal: appeal?, kind: kind?, at: at? })
    }

    #[inline]
    fn week(&mut self) -> Option<ArticleWeek<'a>> {
        self.try_parse(Self::week_from_script).or_else(|| self.any_week())
    }

    /// Parses `{"week":"2026-11-23","count":4,"tags":{…}}`, as Keepopen's script writes it.
    #[inline]
    fn week_from_script(&mut self) -> Option<ArticleWeek<'a>> {
        let week = self.skip(b"{\"week\":")?.common_date()?;
        let count = self.skip(b",\"count\":")?.number()?;
        let tags = self.skip(b",\"tags\":")?.tag_counts()?;
        self.skip(b"}")?;
        Some(ArticleWeek { week: week.into(), count, tags: TagCounts::Unparsed(tags) })
    }

    /// Parses a week whose fields are in any order.
    fn any_week(&mut self) -> Option<ArticleWeek<'a>> {
        fields! { self:
            week = Self::date,
            count = |it: &mut Self| it.nullable(Self::number),
            tags = |it: &mut Self| it.nullable(Self::tag_counts),
        }
        Some(ArticleWeek {
            week: week?.into(),
            count: count.flatten().unwrap_or_default(),
            tags: tags.flatten().map_or_else(TagCounts::default, TagCounts::Unparsed),
        })
    }

    #[inline]
    fn article_day(&mut self) -> Option<ArticleDay> {
        self.try_parse(Self::day_from_script).or_else(|| self.any_day())
    }

    /// Parses `{"day":"2026-11-23","count":4}`, as Keepopen's script writes it.
    #[inline]
    fn day_from_script(&mut self) -> Option<ArticleDay> {
        let day = self.skip(b"{\"day\":")?.existing_date()?;
        let count = self.skip(b",\"count\":")?.number()?;
        self.skip(b"}")?;
        Some(ArticleDay { day, count })
    }

    /// Parses a day whose fields are in any order.
    fn any_day(&mut self) -> Option<ArticleDay> {
        fields! { self:
            day = Self::date,
            count = |it: &mut Self| it.nullable(Self::number),
        }
        Some(ArticleDay { day: date_of(day?)?, count: count.flatten().unwrap_or_default() })
    }

    /// Checks an object of numbers. Works on a local copy of the cursor, which the compiler can keep in registers.
    #[inline(never)]
    fn tag_counts(&mut self) -> Option<UnparsedCounts<'a>> {
        let mut cursor = *self;
        if !cursor.eat(b"{") {
            return None;
        }
        if !cursor.eat(b"}") {
            loop {
                cursor.skip_tag_count()?;
                if !cursor.skip_comma() {
                    break;
                }
            }
            if !cursor.eat(b"}") {
                return None;
            }
        }
        let object = self.json.get(self.at..cursor.at)?;
        *self = cursor;
        Some(UnparsedCounts { object })
    }

    /// Skips one name and its number.
    #[inline(always)]
    fn skip_tag_count(&mut self) -> Option<()> {
        self.skip(b"\"")?.skip_plain();
        self.skip(b"\":")?.skip_space();
        self.number().map(|_| ())
    }

    /// Parses one name and its number.
    #[inline]
    fn tag_count(&mut self) -> Option<(&'a str, u32)> {
        let name = self.plain_text()?;
        if !self.eat(b":") {
            return None;
        }
        self.skip_space();
        Some((name, self.number()?))
    }

    fn surface(&mut self) -> Option<Surface> {
        let label = self.plain_text()?;
        Surface::ALL.into_iter().find(|surface| surface.as_str() == label)
    }

    fn dismissal_kind(&mut self) -> Option<DismissalKind> {
        let label = self.plain_text()?;
        DismissalKind::ALL.into_iter().find(|kind| kind.as_str() == label)
    }
}
