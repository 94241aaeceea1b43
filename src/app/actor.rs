//! Names who performs an action.

use crate::ids::SupporterId;

/// The person, program or job that causes a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// An anonymous browser.
    Reader,
    /// A person with a valid supporter token.
    Supporter(SupporterId),
    /// A program with a secret API key. Contains the key's id.
    ApiKey(String),
    /// A staff member. Contains their id and role.
    Staff(String, String),
    /// A person at the command line.
    Operator,
    /// A job of the service. Contains the job's name.
    Job(&'static str),
    /// Stripe, by a webhook.
    Stripe,
}

impl Actor {
    /// Returns the kind of actor, as in the audit log.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Supporter(_) => "supporter",
            Self::ApiKey(_) => "api_key",
            Self::Staff(..) => "staff",
            Self::Operator => "operator",
            Self::Job(_) => "job",
            Self::Stripe => "stripe",
        }
    }

    /// Returns the actor's id within its kind.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Supporter(id) => Some(id.as_str()),
            Self::ApiKey(id) | Self::Staff(id, _) => Some(id),
            Self::Job(name) => Some(name),
            Self::Reader | Self::Operator | Self::Stripe => None,
        }
    }

    /// Returns the staff member's role.
    pub fn role(&self) -> Option<&str> {
        match self {
            Self::Staff(_, role) => Some(role),
            _ => None,
        }
    }

    /// Returns the label of the actor in versions of appeals, switches and acknowledgements: an id, or `command
    /// line`.
    pub fn label(&self) -> &str {
        match self {
            Self::Operator => "command line",
            other => other.id().unwrap_or_else(|| other.kind()),
        }
    }
}
