//! The negative control for the kill tests in `kills.rs`: a faulty service that acknowledges an event before it stores
//! the event. The tests must detect this fault.
//!
//! The faulty service is this test binary, started as a second process, because keepopen itself has no such option.

use std::process::Command;

use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, HttpServer};
use keepopen::clock::Clock;
use keepopen::{actions, api, jobs, sites, telemetry};

/// If this environment variable is set, this test binary runs as the faulty service.
const RUN_AS_SERVICE: &str = "KEEPOPEN_TEST_ANSWER_FIRST";

/// The command that starts this binary as the faulty service. Run it in a folder that contains the settings.
pub(crate) fn command() -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([
        "answers_first::this_process_runs_as_the_service_if_the_variable_is_set",
        "--exact",
        "--nocapture",
    ]);
    command.env_clear().env(RUN_AS_SERVICE, "yes");
    command
}

/// The address on which the real service listens.
struct RealService(String);

/// Responds first, and then passes the delivery on to the real service.
async fn acknowledge(request: HttpRequest, body: Bytes, real_service: Data<RealService>) -> HttpResponse {
    let signature = request.headers().get("stripe-signature").unwrap().to_str().unwrap().to_owned();
    let delivery =
        reqwest::Client::new().post(&real_service.0).header("stripe-signature", signature).body(body);
    // Does not wait for the result. This is the deliberate fault of this service.
    actix_web::rt::spawn(async move { drop(delivery.send().await) });
    HttpResponse::Ok().finish()
}

#[test]
fn this_process_runs_as_the_service_if_the_variable_is_set() {
    if std::env::var(RUN_AS_SERVICE).is_err() {
        return;
    }
    let settings = sites::from_toml(&std::fs::read_to_string("keepopen.toml").unwrap()).unwrap();
    telemetry::start(settings.log.format, &settings.log.level).unwrap();
    actix_web::rt::System::new().block_on(async {
        let app = actions::start(settings, Clock::System).await.unwrap();
        let running = api::serve(&app).unwrap();
        actix_web::rt::spawn(running.server);
        let _jobs = jobs::run(&app);
        let real_service = Data::new(RealService(format!("http://{}/webhooks/stripe", running.address)));
        let front = HttpServer::new(move || {
            let route = actix_web::web::to(acknowledge);
            actix_web::App::new().app_data(real_service.clone()).default_service(route)
        });
        let front = front.workers(1).bind("127.0.0.1:0").unwrap();
        let address = front.addrs()[0];
        let server = front.run();
        tracing::info!(%address, "keepopen is serving requests");
        server.await.unwrap();
    });
}
