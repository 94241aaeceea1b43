//! One reader of one site: what the browser keeps, under the draft and under what is live.

use keepopen_decision::{Question, bucket_of};

use super::articles::Articles;
use super::memory::Memory;
use super::page_view::Support;
use super::tally::Progress;

/// One reader of one site.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    /// When the last page was seen, in milliseconds since 1970.
    pub last_at_ms: Option<i64>,
    /// Articles read.
    pub articles: Articles,
    /// What differs between the two: the draft, and what is live.
    pub sides: [Side; 2],
    /// Whether the browser keeps an entry of ours, so that a token has a place.
    pub keeps: bool,
    bucket: Option<u32>,
    buckets_made: u32,
}

/// One reader under one set of appeals.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// What the browser keeps.
    pub memory: Memory,
    /// What is counted.
    pub progress: Progress,
}

impl Reader {
    /// A token came.
    pub fn hold(&mut self, support: &Support) {
        self.keeps = true;
        for side in &mut self.sides {
            side.memory.support.clone_from(support);
        }
    }

    /// Consent is refused: what was kept of habits goes, as the script on the page sees to. Without an entry of
    /// an earlier time there is no place for a token either.
    pub fn refuse_consent(&mut self) {
        self.articles = Articles::default();
        self.bucket = None;
        for side in &mut self.sides {
            side.memory.forget_habits();
            if !self.keeps {
                side.memory.support = Support::default();
            }
        }
    }

    /// The number that the browser keeps so that the same wording comes back; made of the seed and the reader's name.
    pub fn bucket(&mut self, seed: u64, name: &str) -> u32 {
        self.keeps = true;
        *self.bucket.get_or_insert_with(|| {
            self.buckets_made += 1;
            bucket_of(&format!("{seed}/{}/{name}", self.buckets_made))
        })
    }
}

/// Whether the page says that the reader does not want to be remembered. The script takes every other word as consent.
pub fn is_refused(question: &Question<'_>) -> bool {
    question.reader.consent.as_deref() == Some("denied")
}
