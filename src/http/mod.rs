//! The door for browsers, site back ends and Stripe.
//!
//! **Owns** routes, who is asking, and the shape of every answer.
//! **Never** writes to the store: that is `actions/`.
//! **Start at** [`routes`], which lists them.
//! **Tested in** `tests/api/`.

mod appeals;
mod banner;
mod banner_events;
mod body;
mod caller;
mod checkout;
mod contract;
mod cors;
mod docs;
mod embed;
mod explain;
mod json_object;
mod jwks;
mod known;
mod limited;
mod management;
mod money;
mod ofrep;
mod open_files;
mod previews;
mod problem;
mod question;
mod request_counts;
mod results;
mod second_look;
mod server;
mod stated;
mod supporters;
mod switches;
mod tokens;
mod unread;
mod verdict_body;
mod watch;
mod webhooks;
mod words;

use actix_web::web::Data;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::app::App;

pub use banner::verdict_json;
pub use contract::openapi_yaml;
pub use management::serve_management;
pub use open_files::raise_open_files;
pub use problem::{Code, Problem};
pub use server::{Running, serve};

/// The state that every handler gets.
type State = Data<App>;

/// Every route of the public server. They are tried in this order, so those that are asked most stand first.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(banner::ask)
        .service(banner::ask_from_query)
        .service(banner_events::report)
        .service(webhooks::receive)
        .service(checkout::start)
        .service(tokens::make)
        .service(supporters::own)
        .service(supporters::lookup)
        .service(supporters::by_id)
        .service(explain::why)
        .service(appeals::list)
        .service(appeals::read)
        .service(appeals::read_version)
        .service(appeals::save)
        .service(appeals::publish)
        .service(appeals::pause)
        .service(appeals::end)
        .service(results::read)
        .service(previews::make)
        .service(previews::show)
        .service(switches::list)
        .service(switches::read)
        .service(switches::turn)
        .service(money::list)
        .service(money::csv)
        .service(money::read)
        .service(money::compare)
        .service(money::list_alarms)
        .service(money::acknowledge)
        .service(ofrep::evaluate)
        .service(ofrep::evaluate_all)
        .service(jwks::keys)
        .service(embed::latest)
        .service(embed::versioned)
        .service(contract::served)
        .service(docs::page)
        .service(docs::part);
}
