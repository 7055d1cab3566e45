-- The data keys of tenants. What is a tenant's own secret is encrypted under a key that is the tenant's alone, and
-- that key under the platform's master key, which lies outside the database. master_key names the one that did, so
-- that a master key can be replaced while both are at hand.
CREATE TABLE control.tenant_key (
  tenant_id uuid NOT NULL REFERENCES control.dim_tenant,
  key_id uuid NOT NULL,
  master_key text NOT NULL,
  encrypted bytea NOT NULL,
  created_at timestamptz NOT NULL,
  retired_at timestamptz,
  PRIMARY KEY (tenant_id, key_id)
);
-- One key of a tenant encrypts at a time, and two processes that make the first at once agree on it. A retired one
-- still decrypts, and is never removed.
CREATE UNIQUE INDEX tenant_key_in_use ON control.tenant_key (tenant_id) WHERE retired_at IS NULL;
-- No role that works for people sees a key, not even its own tenant's: base.crypto reads them as clarity_auth.
ALTER TABLE control.tenant_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.tenant_key FORCE ROW LEVEL SECURITY;
CREATE POLICY auth ON control.tenant_key TO clarity_auth USING (true) WITH CHECK (true);
CREATE POLICY platform ON control.tenant_key TO clarity_admin USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON control.tenant_key TO clarity_auth;
GRANT SELECT, INSERT ON control.tenant_key TO clarity_admin;
GRANT UPDATE (master_key, encrypted, retired_at) ON control.tenant_key TO clarity_admin;
