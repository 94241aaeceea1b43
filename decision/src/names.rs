//! Replaces names, such as sections, tags and kinds of page, with numbers. A page's names are therefore looked up once
//! per question (the request for a decision), not once per appeal. Names are compared without regard to case. An ASCII
//! name is not copied for the comparison.

use std::hash::Hasher;

use hashbrown::HashTable;
use rustc_hash::FxHasher;

use crate::diagnostics::Diagnostics;

/// The number of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NameId(u32);

/// The names that rules use, and their numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    /// The ids, by hash of the name. Each id is the name's index in `written`.
    ids: HashTable<NameId>,
    /// The names in their original spelling.
    written: Vec<Box<str>>,
}

impl Names {
    /// Returns the name's number. Adds the name if it is new.
    pub(crate) fn add(&mut self, name: &str) -> NameId {
        if let Some(id) = self.find(name) {
            return id;
        }
        let next = u32::try_from(self.written.len()).expect("the number of names must fit in 32 bits");
        self.written.push(name.into());
        self.ids.insert_unique(hash_of(name), NameId(next), |id| hash_of(&self.written[id.0 as usize]));
        NameId(next)
    }

    /// Replaces a list of names with numbers, and sorts them.
    pub(crate) fn add_all(
        &mut self,
        field_path: &str,
        names: &[String],
        diagnostics: &mut Diagnostics<'_>,
    ) -> Box<[NameId]> {
        let mut ids = Vec::with_capacity(names.len());
        for (place, name) in names.iter().enumerate() {
            if name.trim().is_empty() {
                diagnostics.problem(
                    format!("{field_path}[{place}]"),
                    "an empty name matches nothing: write a name, or remove the entry.",
                );
            } else {
                ids.push(self.add(name));
            }
        }
        ids.sort_unstable();
        ids.dedup();
        ids.into_boxed_slice()
    }

    /// Returns the name's number if any rule uses the name.
    pub(crate) fn find(&self, name: &str) -> Option<NameId> {
        self.ids.find(hash_of(name), |id| is_same_name(name, &self.written[id.0 as usize])).copied()
    }

    /// Returns the names in their original spelling, as text.
    pub(crate) fn list(&self, ids: &[NameId]) -> String {
        let names: Vec<&str> = ids.iter().map(|id| &*self.written[id.0 as usize]).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    }
}

fn lower_case(name: &str) -> impl Iterator<Item = char> {
    name.chars().flat_map(char::to_lowercase)
}

/// Computes a hash. Names that are equal in lower case have the same hash, in any script.
fn hash_of(name: &str) -> u64 {
    if name.is_ascii() {
        return hash_of_bytes(name.as_bytes());
    }
    let lower_case_name: String = lower_case(name).collect();
    hash_of_bytes(lower_case_name.as_bytes())
}

/// Computes a hash with the ASCII lower-case bit set in every byte. This is cheap. Characters other than letters can
/// also differ only in this bit, such as `[` and `{`. Names with such characters may have the same hash. This is
/// harmless, because `find` compares the names.
fn hash_of_bytes(name: &[u8]) -> u64 {
    const LOWER_CASE_BITS: u64 = u64::MAX / 255 * 0x20;
    let mut state = FxHasher::default();
    let (eights, rest) = name.as_chunks();
    for eight in eights {
        state.write_u64(u64::from_le_bytes(*eight) | LOWER_CASE_BITS);
    }
    state.write_u64(pack_bytes(rest) | LOWER_CASE_BITS);
    state.write_usize(name.len());
    state.finish()
}

/// Packs fewer than eight bytes into one number. Different bytes of the same length give different numbers.
fn pack_bytes(bytes: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last));
    }
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Whether the names are equal without regard to case.
fn is_same_name(one: &str, other: &str) -> bool {
    if one.is_ascii() && other.is_ascii() {
        one.eq_ignore_ascii_case(other)
    } else {
        lower_case(one).eq(lower_case(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_in_any_case_and_in_any_script() {
        let mut names = Names::default();
        let economy = names.add("Économie");
        let sport = names.add("sport");
        assert_eq!(names.find("éCONOMIE"), Some(economy));
        assert_eq!(names.find("SPORT"), Some(sport));
        assert_eq!(names.find("sports"), None);
    }

    #[test]
    fn a_letter_whose_lower_case_is_ascii_matches_the_ascii_letter() {
        let mut names = Names::default();
        let kelvin = names.add("\u{212a}elvin");
        assert_eq!(names.find("kelvin"), Some(kelvin));
        assert_eq!(names.find("KELVIN"), Some(kelvin));
    }

    #[test]
    fn names_are_compared_without_regard_to_case_but_with_accents() {
        assert!(is_same_name("Sport", "sPORT") && is_same_name("ÉCONOMIE", "économie"));
        assert!(!is_same_name("sport", "sports") && !is_same_name("économie", "economie"));
    }

    #[test]
    fn the_same_name_in_another_case_has_the_same_number() {
        let mut names = Names::default();
        assert_eq!(names.add("Politics"), names.add("politics"));
    }

    #[test]
    fn different_names_with_the_same_hash_have_different_numbers() {
        // The hash ignores the bit that distinguishes `[` from `{`.
        assert_eq!(hash_of("[a]"), hash_of("{a}"));
        let mut names = Names::default();
        let (brackets, braces) = (names.add("[a]"), names.add("{a}"));
        assert_ne!(brackets, braces);
        assert_eq!((names.find("[A]"), names.find("{A}")), (Some(brackets), Some(braces)));
    }
}
