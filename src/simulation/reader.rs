//! Holds what the browser of one reader of one site remembers, under the draft (the appeals that are tried out) and
//! under the live appeals.

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
    /// The articles that the reader has read.
    pub articles: Articles,
    /// The two sides: the reader under the draft, and under the live appeals.
    pub sides: [Side; 2],
    /// Whether this service's script has stored an entry in the browser. A token can be stored only in this entry.
    pub has_entry: bool,
    bucket: Option<u32>,
    /// How many buckets the browser has had so far. Each new bucket is computed from this number.
    bucket_count: u32,
}

/// One reader under one set of appeals.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// What the browser remembers.
    pub memory: Memory,
    /// The reader's counts.
    pub progress: Progress,
}

impl Reader {
    /// Stores a token in the browser.
    pub fn store_token(&mut self, support: &Support) {
        self.has_entry = true;
        for side in &mut self.sides {
            side.memory.support.clone_from(support);
        }
    }

    /// Handles a refusal of consent. Removes the reader's habits (articles, bucket, views and dismissals), as the
    /// script on the page does. If the browser has no entry of the script yet, it can't store a token, so what the token
    /// says is forgotten too.
    pub fn refuse_consent(&mut self) {
        self.articles = Articles::default();
        self.bucket = None;
        for side in &mut self.sides {
            side.memory.forget_habits();
            if !self.has_entry {
                side.memory.support = Support::default();
            }
        }
    }

    /// Returns the bucket: the number that the browser stores so that the reader gets the same variant again. It is
    /// derived from the seed and the reader's name.
    pub fn bucket(&mut self, seed: u64, name: &str) -> u32 {
        self.has_entry = true;
        *self.bucket.get_or_insert_with(|| {
            self.bucket_count += 1;
            bucket_of(&format!("{seed}/{}/{name}", self.bucket_count))
        })
    }
}

/// Whether the page says that the reader refuses to be remembered. The script treats every other value as consent.
pub fn refuses_consent(question: &Question<'_>) -> bool {
    question.reader.consent.as_deref() == Some("denied")
}
