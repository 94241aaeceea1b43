//! The blocks of an appeal's text. The page shows all of them as plain text and never as HTML.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use url::Url;

/// One block of text: a paragraph, a quote, an image or a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum Block {
    /// A paragraph.
    Paragraph(String),
    /// A quote.
    Quote {
        /// The quoted text.
        quote: String,
        /// The name of the person quoted.
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// An image. The browser fetches it from its URL.
    Image {
        /// The image's URL, with `https`.
        #[schema(value_type = String, format = "uri")]
        image: String,
        /// A description for readers who don't see the image; empty if it is decorative.
        alt: String,
        /// The image's width in pixels, so that the page can reserve its space while it loads. Present together with
        /// `height`.
        #[serde(skip_serializing_if = "Option::is_none")]
        width: Option<u32>,
        /// The image's height in pixels. Present together with `width`.
        #[serde(skip_serializing_if = "Option::is_none")]
        height: Option<u32>,
    },
    /// A list of points.
    List {
        /// The points.
        list: Vec<String>,
    },
}

/// All fields of all kinds of block. A block has only the fields of its kind.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Fields {
    quote: Option<String>,
    by: Option<String>,
    image: Option<String>,
    alt: Option<String>,
    width: Option<u32>,
    height: Option<u32>,
    list: Option<Vec<String>>,
}

const EXPECTED_FIELDS: &str = "a block is a text, or one of { quote, by }, { image, alt } and { list }.";

impl Block {
    /// Returns the block that these fields describe.
    ///
    /// # Errors
    /// A message that says what is wrong with the fields.
    fn from_fields(fields: Fields) -> Result<Self, &'static str> {
        match fields {
            Fields {
                quote: Some(quote),
                by,
                image: None,
                alt: None,
                width: None,
                height: None,
                list: None,
            } => Ok(Self::Quote { quote, by }),
            Fields { image: Some(image), alt, width, height, quote: None, by: None, list: None } => {
                let Some(alt) = alt else {
                    return Err(
                        "an image needs alt, a description of what it shows; write \"\" if it is only decoration.",
                    );
                };
                if !is_https_without_credentials(&image) {
                    return Err(
                        "an image's address must begin with https:// and must not contain a user name or password.",
                    );
                }
                if width.is_some() != height.is_some() || width == Some(0) || height == Some(0) {
                    return Err("an image needs both width and height, in pixels from 1, or neither.");
                }
                Ok(Self::Image { image, alt, width, height })
            }
            Fields {
                list: Some(list),
                quote: None,
                by: None,
                image: None,
                alt: None,
                width: None,
                height: None,
            } => {
                if list.is_empty() {
                    Err("a list needs at least one item.")
                } else {
                    Ok(Self::List { list })
                }
            }
            _ => Err(EXPECTED_FIELDS),
        }
    }

    /// The texts of the block, each with the path of its field within the block.
    pub(super) fn texts(&self) -> Vec<(String, &str)> {
        match self {
            Self::Paragraph(text) => vec![(String::new(), text.as_str())],
            Self::Quote { quote, by } => std::iter::once((".quote".to_owned(), quote.as_str()))
                .chain(by.as_deref().map(|by| (".by".to_owned(), by)))
                .collect(),
            Self::Image { alt, .. } => vec![(".alt".to_owned(), alt.as_str())],
            Self::List { list } => list
                .iter()
                .enumerate()
                .map(|(index, text)| (format!(".list[{index}]"), text.as_str()))
                .collect(),
        }
    }
}

/// Whether `address` is an https URL without a user name or password.
fn is_https_without_credentials(address: &str) -> bool {
    Url::parse(address)
        .is_ok_and(|url| url.scheme() == "https" && url.username().is_empty() && url.password().is_none())
}

impl<'de> Deserialize<'de> for Block {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BlockVisitor;

        impl<'de> Visitor<'de> for BlockVisitor {
            type Value = Block;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or { quote, by }, { image, alt } or { list }")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Block, E> {
                Ok(Block::Paragraph(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Block, A::Error> {
                Block::from_fields(Fields::deserialize(MapAccessDeserializer::new(map))?)
                    .map_err(A::Error::custom)
            }
        }

        deserializer.deserialize_any(BlockVisitor)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn each_kind_of_block_is_sent_as_it_was_written() {
        for block in [
            json!("Read on."),
            json!({"quote": "It matters.", "by": "A reader"}),
            json!({"quote": "It matters."}),
            json!({"image": "https://images.example.org/desk.jpg", "alt": ""}),
            json!({"image": "https://images.example.org/desk.jpg", "alt": "Our desk", "width": 640, "height": 360}),
            json!({"list": ["One", "Two"]}),
        ] {
            let read: Block = serde_json::from_value(block.clone()).unwrap();
            assert_eq!(serde_json::to_value(&read).unwrap(), block);
        }
    }

    #[test]
    fn an_invalid_block_is_rejected_with_a_helpful_message() {
        let cases: [(Value, &str); 12] = [
            (json!(3), "a text, or"),
            (json!({}), "or one of {"),
            (json!({"by": "A reader"}), "or one of {"),
            (json!({"quote": "It matters.", "list": ["One"]}), "or one of {"),
            (json!({"quotes": "It matters."}), "unknown field `quotes`"),
            (json!({"list": []}), "at least one item"),
            (json!({"image": "https://images.example.org/desk.jpg"}), "needs alt"),
            (json!({"image": "http://images.example.org/desk.jpg", "alt": ""}), "https://"),
            (json!({"image": "javascript:alert(1)", "alt": ""}), "https://"),
            (json!({"image": "https://me@images.example.org/desk.jpg", "alt": ""}), "https://"),
            (json!({"image": "https://:secret@images.example.org/desk.jpg", "alt": ""}), "https://"),
            (
                json!({"image": "https://images.example.org/desk.jpg", "alt": "", "width": 640}),
                "both width and height",
            ),
        ];
        for (block, expected) in cases {
            let message = serde_json::from_value::<Block>(block.clone()).unwrap_err().to_string();
            assert!(message.contains(expected), "the message for {block} is {message:?}");
        }
    }
}
