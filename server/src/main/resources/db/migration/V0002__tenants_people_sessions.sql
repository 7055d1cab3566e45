-- Tenants, people, who belongs where, and how they are signed in.
-- clarity_auth works before a tenant is known: it may read and write these tables and nothing else.
-- clarity_tenant sees its own tenant and its people, and never a secret.

-- What a tenant may use, and how much of it. A plan that is not self_service is given by the platform's people.
CREATE TABLE control.plan (
  plan text PRIMARY KEY CHECK (plan ~ '^[a-z][a-z0-9-]{0,31}$'),
  title text NOT NULL,
  self_service boolean NOT NULL,
  members_max integer NOT NULL CHECK (members_max > 0),
  events_per_s_max integer NOT NULL CHECK (events_per_s_max > 0),
  bytes_per_s_max bigint NOT NULL CHECK (bytes_per_s_max > 0),
  workflows_max integer NOT NULL CHECK (workflows_max > 0),
  connections_max integer NOT NULL CHECK (connections_max > 0),
  executions_at_once_max integer NOT NULL CHECK (executions_at_once_max > 0),
  executions_backlog_max integer NOT NULL CHECK (executions_backlog_max > 0),
  webhook_body_bytes_max integer NOT NULL CHECK (webhook_body_bytes_max > 0),
  log_retention_days integer NOT NULL CHECK (log_retention_days > 0)
);
INSERT INTO control.plan
  (plan, title, self_service, members_max, events_per_s_max, bytes_per_s_max, workflows_max, connections_max,
   executions_at_once_max, executions_backlog_max, webhook_body_bytes_max, log_retention_days)
VALUES
  ('starter', 'Starter', true, 10, 5000, 10485760, 50, 20, 20, 10000, 262144, 7),
  ('standard', 'Standard', true, 100, 50000, 104857600, 500, 200, 100, 100000, 1048576, 30),
  ('enterprise', 'Enterprise', false, 5000, 200000, 419430400, 10000, 2000, 2000, 1000000, 1048576, 365);
GRANT SELECT ON control.plan TO clarity_auth, clarity_tenant, clarity_service, clarity_engine, clarity_internal, clarity_admin;

CREATE TABLE control.dim_tenant (
  tenant_id uuid PRIMARY KEY,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  domain text,
  plan text NOT NULL REFERENCES control.plan (plan),
  industry text NOT NULL,
  region text NOT NULL,
  created_at timestamptz NOT NULL
);
ALTER TABLE control.dim_tenant ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.dim_tenant FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON control.dim_tenant FOR SELECT TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant()));
CREATE POLICY auth_reads ON control.dim_tenant FOR SELECT TO clarity_auth USING (true);
CREATE POLICY auth_creates ON control.dim_tenant FOR INSERT TO clarity_auth WITH CHECK (true);
-- In the background there is no tenant set; where there is, it holds.
CREATE POLICY engine ON control.dim_tenant FOR SELECT TO clarity_engine
  USING ((SELECT control.current_tenant()) IS NULL OR tenant_id = (SELECT control.current_tenant()));
CREATE POLICY registry ON control.dim_tenant FOR SELECT TO clarity_internal, clarity_admin USING (true);
GRANT SELECT ON control.dim_tenant TO clarity_auth, clarity_tenant, clarity_service, clarity_engine, clarity_internal, clarity_admin;
GRANT INSERT ON control.dim_tenant TO clarity_auth;

CREATE TABLE control.user_account (
  user_id uuid PRIMARY KEY,
  email text NOT NULL CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  password_hash text NOT NULL,
  platform_role text CHECK (platform_role = 'internal_ops'),
  created_at timestamptz NOT NULL,
  password_changed_at timestamptz NOT NULL,
  last_login_at timestamptz,
  CONSTRAINT user_account_email_unique UNIQUE (email)
);

CREATE TABLE control.members (
  tenant_id uuid NOT NULL REFERENCES control.dim_tenant,
  user_id uuid NOT NULL REFERENCES control.user_account,
  role text NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'operator', 'viewer')),
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, user_id)
);
CREATE INDEX members_user ON control.members (user_id);
ALTER TABLE control.members ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.members FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON control.members FOR SELECT TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant()));
CREATE POLICY auth ON control.members TO clarity_auth USING (true) WITH CHECK (true);
GRANT SELECT ON control.members TO clarity_tenant;
GRANT SELECT, INSERT ON control.members TO clarity_auth;

-- A person is visible to the people of the workspaces that the person belongs to.
ALTER TABLE control.user_account ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.user_account FORCE ROW LEVEL SECURITY;
CREATE POLICY colleagues ON control.user_account FOR SELECT TO clarity_tenant
  USING (user_id IN (SELECT m.user_id FROM control.members m WHERE m.tenant_id = (SELECT control.current_tenant())));
CREATE POLICY auth ON control.user_account TO clarity_auth USING (true) WITH CHECK (true);
CREATE POLICY platform ON control.user_account TO clarity_admin USING (true) WITH CHECK (true);
GRANT SELECT (user_id, email, name, created_at, last_login_at) ON control.user_account TO clarity_tenant;
GRANT SELECT, INSERT ON control.user_account TO clarity_auth;
GRANT UPDATE (password_hash, password_changed_at, last_login_at) ON control.user_account TO clarity_auth;
GRANT SELECT (user_id, email, name, platform_role, created_at, last_login_at) ON control.user_account TO clarity_admin;
GRANT UPDATE (platform_role, password_hash, password_changed_at) ON control.user_account TO clarity_admin;

-- A sign-in and the refresh tokens that followed one another in it. Using one twice ends the session.
CREATE TABLE control.session (
  session_id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES control.user_account,
  tenant_id uuid NOT NULL REFERENCES control.dim_tenant,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  revoked_reason text
);
CREATE INDEX session_person ON control.session (user_id);
CREATE INDEX session_revoked ON control.session (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE TABLE control.refresh_token (
  token_hash bytea PRIMARY KEY,
  session_id uuid NOT NULL REFERENCES control.session ON DELETE CASCADE,
  issued_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz
);
CREATE INDEX refresh_token_session ON control.refresh_token (session_id);
ALTER TABLE control.session ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.session FORCE ROW LEVEL SECURITY;
CREATE POLICY auth ON control.session TO clarity_auth USING (true) WITH CHECK (true);
CREATE POLICY platform ON control.session TO clarity_admin USING (true) WITH CHECK (true);
ALTER TABLE control.refresh_token ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.refresh_token FORCE ROW LEVEL SECURITY;
CREATE POLICY auth ON control.refresh_token TO clarity_auth USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE ON control.session, control.refresh_token TO clarity_auth;
GRANT UPDATE (revoked_at, revoked_reason, expires_at) ON control.session TO clarity_auth;
GRANT UPDATE (used_at) ON control.refresh_token TO clarity_auth;
GRANT SELECT ON control.session TO clarity_admin;
GRANT UPDATE (revoked_at, revoked_reason) ON control.session TO clarity_admin;

-- Keys of the platform (token signing, certificate authority), encrypted under the master key that master_key names.
CREATE TABLE control.platform_key (
  purpose text NOT NULL CHECK (purpose IN ('token-signing', 'certificate-authority', 'request-digest')),
  key_id text NOT NULL,
  master_key text NOT NULL,
  encrypted bytea NOT NULL,
  certificate bytea,
  created_at timestamptz NOT NULL,
  retired_at timestamptz,
  PRIMARY KEY (purpose, key_id)
);
-- One key of a purpose is in use at a time; two servers starting at once agree on the first.
CREATE UNIQUE INDEX platform_key_in_use ON control.platform_key (purpose) WHERE retired_at IS NULL;
GRANT SELECT, INSERT ON control.platform_key TO clarity_auth;
GRANT SELECT ON control.platform_key TO clarity_admin;
GRANT UPDATE (master_key, encrypted) ON control.platform_key TO clarity_admin;

-- Who did what. Nobody may change or remove a row.
CREATE TABLE control.audit_log (
  audit_id uuid PRIMARY KEY,
  tenant_id uuid REFERENCES control.dim_tenant,
  at timestamptz NOT NULL,
  actor_kind text NOT NULL CHECK (actor_kind IN ('person', 'agent', 'platform')),
  actor_id uuid,
  actor_name text NOT NULL,
  action text NOT NULL,
  subject_kind text,
  subject_id text,
  detail jsonb NOT NULL,
  remote_address text
);
CREATE INDEX audit_log_tenant ON control.audit_log (tenant_id, at DESC, audit_id DESC);
ALTER TABLE control.audit_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.audit_log FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON control.audit_log FOR SELECT TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant()));
CREATE POLICY own_writes ON control.audit_log FOR INSERT TO clarity_tenant
  WITH CHECK (tenant_id = (SELECT control.current_tenant()));
CREATE POLICY appends ON control.audit_log FOR INSERT TO clarity_auth, clarity_admin WITH CHECK (true);
GRANT SELECT, INSERT ON control.audit_log TO clarity_tenant;
GRANT INSERT ON control.audit_log TO clarity_auth, clarity_service, clarity_admin;
