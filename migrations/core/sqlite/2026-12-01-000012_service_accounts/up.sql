-- Which part of the server an account belongs to; NULL for everyone that a person or a device speaks for.
-- Such an account has neither a password nor an identity, and no session.
ALTER TABLE users ADD COLUMN service TEXT;
