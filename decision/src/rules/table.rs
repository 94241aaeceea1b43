//! The list of rules. The macro generates the enum, an appeal's parts and static dispatch from it.

use serde::Serialize;

use super::spec::AppealSpec;
use super::{
    Check, Evidence, Outcome, articles, consent, cool_down, country, device, dismissal, entitlements,
    frequency, history, hours, kill_switch, language, live, meter, page, page_kind, paid_page, quiet, reader,
    schedule, sensitive_page, sequence, signed_in, site_excluded, site_frequency, skip_first, standing,
    surfaces, traits, trend, url, values,
};
use crate::context::ReaderContext;

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $field:ident: $part:ty,)*) => {
        /// The rules, in the order in which they are checked: first whether the site and the appeal are on at all, and meant
        /// for this country and page (the index in `compiled/` leaves out those that are not), then the reader's
        /// support, then time and the rest of the page and the reader, and last what this reader has already seen.
        /// The further an appeal comes, the nearer it was to being shown.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Rule {
            $($(#[$doc])* $name,)*
        }

        impl Rule {
            /// Every rule, in the order in which they are checked.
            pub const ORDER: [Self; [$(stringify!($name)),*].len()] = [$(Self::$name),*];
        }

        /// What each rule stores of an appeal.
        #[derive(Clone, Debug)]
        pub(crate) struct Parts {
            $(pub(crate) $field: $part,)*
            active: RuleSet,
        }

        impl Parts {
            /// Rules whose outcome can change over time.
            const TIMED: RuleSet = RuleSet(0 $(| ((<$part as Check>::TIMED as u64) << Rule::$name as u64))*);

            pub(crate) fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
                $(let $field = <$part as Check>::compile(spec);)*
                let active = RuleSet(0 $(| (u64::from(!$field.is_noop()) << Rule::$name as u64))*);
                Self { $($field,)* active }
            }

            pub(crate) fn check(&self, rule: Rule, context: &ReaderContext<'_>, at_ms: i64) -> Outcome {
                match rule {
                    $(Rule::$name => self.$field.check(context, at_ms),)*
                }
            }

            pub(crate) fn evidence(&self, rule: Rule, context: &ReaderContext<'_>) -> Evidence {
                match rule {
                    $(Rule::$name => self.$field.evidence(context),)*
                }
            }
        }
    };
}

rules! {
    /// The site's appeals are on.
    KillSwitch = kill_switch: kill_switch::KillSwitch,
    /// The appeal is live.
    Live = live: live::LiveState,
    /// It is meant for this country.
    Country = country: country::Country,
    /// The section or a tag is included.
    PageTargeted = page_targeted: page::PageTargeted,
    /// The page has room for it.
    Surface = surface: surfaces::Surfaces,
    /// It is meant for this standing.
    Standing = standing: standing::Standings,
    /// The reader did not give a short while ago.
    Quiet = quiet: quiet::Quiet,
    /// It has begun and is not over.
    Schedule = schedule: schedule::Schedule,
    /// It may show at this hour, and there is no blackout.
    Hours = hours: hours::OpenHours,
    /// The page is not sensitive.
    SensitivePage = sensitive_page: sensitive_page::SensitivePage,
    /// Nobody paid for the page.
    PaidPage = paid_page: paid_page::PaidPage,
    /// The site does not exclude the page.
    SiteExcluded = site_excluded: site_excluded::SiteExcluded,
    /// It is meant for this kind of page.
    PageKind = page_kind: page_kind::PageKind,
    /// It is meant for this address.
    Url = url: url::Url,
    /// Neither the section nor a tag is excluded.
    PageExcluded = page_excluded: page::PageExcluded,
    /// It is meant for this language.
    Language = language: language::Language,
    /// It is meant for this kind of device.
    Device = device: device::Devices,
    /// It is meant for readers who are signed in, or for those who are not.
    SignedIn = signed_in: signed_in::SignedIn,
    /// The reader has the traits that it is meant for, and none that it is not meant for.
    Traits = traits: traits::Traits,
    /// The reader agreed, where that is needed.
    Consent = consent: consent::Consent,
    /// The reader has what it is meant for, and nothing that it is not meant for.
    Entitlements = entitlements: entitlements::Entitlements,
    /// Each value that the copy needs is available.
    Values = values: values::Values,
    /// The history is there, where a rule needs it.
    History = history: history::History,
    /// It is meant for new readers, or for those who were here before.
    Reader = reader: reader::Reader,
    /// The reader read as many articles as the appeal requires.
    Articles = articles: articles::Articles,
    /// The reader reads more, or less, than before, as the appeal requires.
    Trend = trend: trend::ReadingTrend,
    /// The free articles are used up.
    Meter = meter: meter::Meter,
    /// The first pages of the visit are behind.
    SkipFirst = skip_first: skip_first::SkipFirst,
    /// It was not seen often enough.
    Frequency = frequency: frequency::Frequency,
    /// Not enough was seen on the whole site.
    SiteFrequency = site_frequency: site_frequency::SiteFrequency,
    /// No appeal was seen or dismissed a moment ago.
    CoolDown = cool_down: cool_down::CoolDown,
    /// It was not dismissed.
    Dismissal = dismissal: dismissal::Dismissal,
    /// Its sequence goes on.
    Sequence = sequence: sequence::Sequence,
}

/// Some of the rules, as one bit for each.
#[derive(Clone, Copy, Debug)]
struct RuleSet(u64);

impl Iterator for RuleSet {
    type Item = Rule;

    fn next(&mut self) -> Option<Rule> {
        if self.0 == 0 {
            return None;
        }
        let first = self.0.trailing_zeros() as usize;
        self.0 &= self.0 - 1;
        Some(Rule::ORDER[first])
    }
}

impl Parts {
    /// Rules that can fail, in order.
    pub(crate) fn active(&self) -> impl Iterator<Item = Rule> + use<> {
        self.active
    }

    /// Rules that can fail and whose outcome can change over time.
    pub(crate) fn timed(&self) -> impl Iterator<Item = Rule> + use<> {
        RuleSet(self.active.0 & Self::TIMED.0)
    }
}
