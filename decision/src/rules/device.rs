//! Requires certain kinds of device.

use super::spec::AppealSpec;
use super::{Check, Evidence, Outcome, list};
use crate::context::ReaderContext;
use crate::labels::Device;
use crate::reason::Reason;

/// One bit for each kind of device. If no bit is set, all devices match.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Devices(u8);

fn device(context: &ReaderContext<'_>) -> Option<Device> {
    context.question.reader.device.as_deref().and_then(Device::parse)
}

impl Check for Devices {
    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        Self(spec.rules.audience.devices.iter().fold(0, |bits, device| bits | device.bit()))
    }

    fn is_noop(&self) -> bool {
        self.0 == 0
    }

    fn check(&self, context: &ReaderContext<'_>, _: i64) -> Outcome {
        let matches = self.0 == 0 || device(context).is_some_and(|device| self.0 & device.bit() != 0);
        Outcome::pass_if(matches, Reason::NotTargeted)
    }

    fn evidence(&self, context: &ReaderContext<'_>) -> Evidence {
        let wanted = Device::ALL.into_iter().filter(|device| self.0 & device.bit() != 0).map(Device::as_str);
        Evidence::new(device(context).map_or("unknown", Device::as_str), list(wanted, "any"))
    }
}
