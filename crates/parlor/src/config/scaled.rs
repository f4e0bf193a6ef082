//! The settings of sessions and the gateway, after what depends on others: limits per network scale
//! with the number of sockets that one address may have, and `limits = off` lifts all.

use super::Config;
use sessions::Registration;

/// Highest rate per second: beyond it a limiter cannot tell two requests apart.
const RATE_MAX: u32 = 1_000_000_000;

impl Config {
    /// Returns the settings of sessions.
    pub(crate) fn sessions(&self) -> sessions::Settings {
        let settings = sessions::Settings {
            guests_per_network: self.scale_to_sockets(self.sessions.guests_per_network),
            ..self.sessions.clone()
        };
        if self.limits {
            settings
        } else {
            settings.unlimited()
        }
    }

    /// Returns the settings of the gateway.
    pub(crate) fn gateway(&self) -> gateway::Settings {
        let mut settings = self.gateway.clone();
        settings.limits.rooms_max = self.rooms.rooms_max;
        settings.limits.network_points_per_s =
            self.scale_to_sockets(settings.limits.network_points_per_s);
        if self.limits {
            settings
        } else {
            settings.unlimited()
        }
    }

    /// Returns whether strangers can enter both as guests and by registering.
    pub(crate) fn is_open_to_all(&self) -> bool {
        self.sessions.guests && self.sessions.registration == Registration::Open
    }

    /// Scales a rate per network, which the settings give for the default number of sockets: a
    /// server that allows ten times as many sockets per address must let them reconnect after a
    /// restart.
    fn scale_to_sockets(&self, rate: u32) -> u32 {
        let default = gateway::Limits::default().connections_per_address;
        let times = self
            .gateway
            .limits
            .connections_per_address
            .div_ceil(default);
        let times = u32::try_from(times).unwrap_or(u32::MAX).max(1);
        rate.saturating_mul(times).min(RATE_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(connections: usize) -> Config {
        let mut config = Config::default();
        config.gateway.limits.connections_per_address = connections;
        config
    }

    #[test]
    fn a_network_that_may_have_more_sockets_may_do_more_at_once() {
        let usual = with(256).gateway().limits.network_points_per_s;
        for (connections, times) in [(1, 1), (256, 1), (257, 2), (2_560, 10)] {
            let config = with(connections);
            assert_eq!(config.gateway().limits.network_points_per_s, times * usual);
            assert_eq!(config.scale_to_sockets(7), times * 7);
        }
        let most = with(usize::MAX).gateway().limits.network_points_per_s;
        assert_eq!(most, RATE_MAX);
    }
}
