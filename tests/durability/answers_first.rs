//! The control for kills: a service that acknowledges first and stores later. It must be caught.
//!
//! It is this test binary, started again, because the product has no option to behave like this.

use std::process::Command;

use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, HttpServer};
use keepopen::clock::Clock;
use keepopen::{actions, api, jobs, sites, telemetry};

/// The environment variable of a process that runs as the service.
const TOLD: &str = "KEEPOPEN_TEST_ANSWER_FIRST";

/// Starts this binary as the service; its working folder contains the settings.
pub(crate) fn command() -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([
        "answers_first::this_process_runs_as_the_service_if_the_variable_is_set",
        "--exact",
        "--nocapture",
    ]);
    command.env_clear().env(TOLD, "yes");
    command
}

/// The address on which the real service listens.
struct Real(String);

/// Responds first, and then passes the delivery on to the real service.
async fn acknowledge(request: HttpRequest, body: Bytes, real: Data<Real>) -> HttpResponse {
    let signature = request.headers().get("stripe-signature").unwrap().to_str().unwrap().to_owned();
    let delivery = reqwest::Client::new().post(&real.0).header("stripe-signature", signature).body(body);
    // Ignores the result. This is the intended error of this service.
    actix_web::rt::spawn(async move { drop(delivery.send().await) });
    HttpResponse::Ok().finish()
}

#[test]
fn this_process_runs_as_the_service_if_the_variable_is_set() {
    if std::env::var(TOLD).is_err() {
        return;
    }
    let settings = sites::from_toml(&std::fs::read_to_string("keepopen.toml").unwrap()).unwrap();
    telemetry::start(settings.log.format, &settings.log.level).unwrap();
    actix_web::rt::System::new().block_on(async {
        let app = actions::start(settings, Clock::System).await.unwrap();
        let running = api::serve(&app).unwrap();
        actix_web::rt::spawn(running.server);
        let _jobs = jobs::run(&app);
        let real = Data::new(Real(format!("http://{}/webhooks/stripe", running.address)));
        let before = HttpServer::new(move || {
            let route = actix_web::web::to(acknowledge);
            actix_web::App::new().app_data(real.clone()).default_service(route)
        });
        let before = before.workers(1).bind("127.0.0.1:0").unwrap();
        let address = before.addrs()[0];
        let server = before.run();
        tracing::info!(%address, "keepopen answers");
        server.await.unwrap();
    });
}
