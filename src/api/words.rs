//! The enums of the API description. They are generated from the types of the crate `decision`, so that a new label
//! also appears in the description.

use std::borrow::Cow;

use keepopen_decision as decision;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

macro_rules! label_schemas {
    ($($shape:ident = $name:ident: $description:literal;)+) => {
        $(
            #[doc = $description]
            pub struct $shape;

            impl PartialSchema for $shape {
                fn schema() -> RefOr<Schema> {
                    let labels = decision::$name::ALL.iter().map(|label| label.as_str());
                    let list = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(labels));
                    list.description(Some($description)).into()
                }
            }

            impl ToSchema for $shape {
                fn name() -> Cow<'static, str> {
                    Cow::Borrowed(stringify!($name))
                }
            }
        )+
    };
}

label_schemas! {
    SurfaceShape = Surface: "Where an appeal shows.";
    KindShape = Kind: "What an appeal asks of its reader.";
    ReasonShape = Reason: "The reason for a verdict.";
    StandingShape = Standing: "What is known about a reader's support.";
    DismissalKindShape = DismissalKind: "How a reader dismissed an appeal.";
}
