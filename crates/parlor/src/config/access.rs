//! Combines the settings that decide who may enter.

use super::value::Registration;
use super::{Config, ConfigError, Switch};
use gateway::AllowedOrigin;
use sessions::{InviteCode, JwtKey, JwtSettings, Settings};

impl Config {
    /// Returns the settings of sessions, or the contradiction in them.
    pub(crate) fn sessions(&self) -> Result<Settings, ConfigError> {
        let settings = Settings {
            registration: self.registration()?,
            jwt: self.jwt()?,
            guests_per_network: self.scale_to_sockets(self.sessions.guests_per_network),
            ..self.sessions.clone()
        };
        Ok(match self.limits {
            Switch::On => settings,
            Switch::Off => settings.unlimited(),
        })
    }

    /// Returns whether strangers can enter both as guests and by registering.
    pub(crate) fn is_open_to_all(&self) -> bool {
        self.sessions.guests && self.registration == Registration::Open
    }

    /// Returns the origins whose pages may connect, or what to write instead of one.
    pub(super) fn allowed_origins(&self) -> Result<Vec<AllowedOrigin>, ConfigError> {
        let origins = self.allowed_origins.iter().map(|text| {
            AllowedOrigin::parse(text).map_err(|error| {
                ConfigError::new("allowed_origins", text.clone(), error.to_string())
            })
        });
        origins.collect()
    }

    fn registration(&self) -> Result<sessions::Registration, ConfigError> {
        match (self.registration, &self.invite_code) {
            (Registration::Open, None) => Ok(sessions::Registration::Open),
            (Registration::Off, None) => Ok(sessions::Registration::Off),
            (Registration::Invite, Some(code)) => {
                Ok(sessions::Registration::Invite(InviteCode(code.clone())))
            }
            (Registration::Invite, None) => Err(ConfigError::new(
                "registration",
                "invite",
                "invite_code to be set too",
            )),
            (Registration::Open | Registration::Off, Some(_)) => Err(ConfigError {
                name: "invite_code".to_owned(),
                value: None,
                expected: "registration = \"invite\" to be set too".to_owned(),
            }),
        }
    }

    fn jwt(&self) -> Result<Option<JwtSettings>, ConfigError> {
        let Some(secret) = &self.jwt_secret else {
            let named = [
                ("jwt_issuer", &self.jwt_issuer),
                ("jwt_audience", &self.jwt_audience),
            ];
            let alone = named
                .iter()
                .find_map(|(key, value)| Some((*key, value.as_ref()?)));
            return match alone {
                Some((key, value)) => Err(ConfigError::new(key, value, "jwt_secret to be set too")),
                None => Ok(None),
            };
        };
        let key = JwtKey::hs256(secret.as_bytes()).map_err(|_| ConfigError {
            name: "jwt_secret".to_owned(),
            value: None,
            expected: "a secret of at least 32 bytes".to_owned(),
        })?;
        Ok(Some(JwtSettings {
            keys: vec![key],
            issuer: self.jwt_issuer.clone(),
            audience: self.jwt_audience.clone(),
        }))
    }
}
