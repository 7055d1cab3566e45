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

-- A person who has no account yet is asked to join. The address carries a token that works once; its hash is kept.
CREATE TABLE control.invitation (
  invitation_id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES control.dim_tenant,
  email text NOT NULL CHECK (email = lower(email) AND length(email) <= 254),
  name text,
  role text NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'operator', 'viewer')),
  token_hash bytea NOT NULL UNIQUE,
  invited_by uuid NOT NULL REFERENCES control.user_account,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);
-- One that was accepted, withdrawn or replaced is removed: the audit log tells of it. So one row is one open
-- invitation, and an address has one at most.
CREATE UNIQUE INDEX invitation_of ON control.invitation (tenant_id, email);
ALTER TABLE control.invitation ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.invitation FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON control.invitation FOR SELECT TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant()));
CREATE POLICY auth ON control.invitation TO clarity_auth USING (true) WITH CHECK (true);
GRANT SELECT (invitation_id, tenant_id, email, name, role, invited_by, created_at, expires_at) ON control.invitation TO clarity_tenant;
GRANT SELECT, INSERT, DELETE ON control.invitation TO clarity_auth;

-- Roles change and people leave by way of control.identity alone, which knows who may do what to whom.
GRANT UPDATE (role), DELETE ON control.members TO clarity_auth;
CREATE INDEX session_member ON control.session (tenant_id, user_id) WHERE revoked_at IS NULL;

-- What an organization says of itself its people may change, by their role in the API; its plan they may not.
CREATE POLICY own_changes ON control.dim_tenant FOR UPDATE TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant())) WITH CHECK (tenant_id = (SELECT control.current_tenant()));
GRANT UPDATE (name, domain, industry, region) ON control.dim_tenant TO clarity_tenant;
CREATE POLICY plans ON control.dim_tenant FOR UPDATE TO clarity_admin USING (true) WITH CHECK (true);
GRANT UPDATE (plan) ON control.dim_tenant TO clarity_admin;
