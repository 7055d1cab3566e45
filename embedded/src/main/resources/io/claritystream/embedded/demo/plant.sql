-- The database of Northgate Bottling as its integrator made it: master data, orders and shifts by
-- hand of the MES, one wide table of readings for each class of machine.
CREATE SCHEMA plant;

CREATE TABLE plant.site (
  site_id integer PRIMARY KEY,
  code text NOT NULL UNIQUE,
  name text NOT NULL,
  town text NOT NULL,
  latitude numeric(8,5) NOT NULL,
  longitude numeric(8,5) NOT NULL,
  time_zone text NOT NULL,
  opened_on date NOT NULL,
  employees integer NOT NULL
);
COMMENT ON TABLE plant.site IS 'Bottling plants';

CREATE TABLE plant.work_centre (
  work_centre_id integer PRIMARY KEY,
  site_id integer NOT NULL REFERENCES plant.site,
  code text NOT NULL UNIQUE,
  description text NOT NULL,
  nominal_bottles_per_hour integer
);
COMMENT ON TABLE plant.work_centre IS 'Bottling lines, and the utilities of a site';

CREATE TABLE plant.machine (
  machine_id integer PRIMARY KEY,
  site_id integer NOT NULL REFERENCES plant.site,
  work_centre_id integer NOT NULL REFERENCES plant.work_centre,
  tag text NOT NULL UNIQUE,
  name text NOT NULL,
  machine_class text NOT NULL,
  manufacturer text NOT NULL,
  model text NOT NULL,
  serial_no text NOT NULL UNIQUE,
  commissioned_on date NOT NULL,
  rated_power_kw numeric(6,1) NOT NULL,
  critical boolean NOT NULL,
  nameplate jsonb NOT NULL
);

CREATE TABLE plant.product (
  sku text PRIMARY KEY,
  description text NOT NULL,
  volume_ml integer NOT NULL,
  carbonated boolean NOT NULL,
  fill_temperature_c numeric(4,1) NOT NULL
);

CREATE TABLE plant.production_order (
  order_no bigint PRIMARY KEY,
  work_centre_id integer NOT NULL REFERENCES plant.work_centre,
  sku text NOT NULL REFERENCES plant.product,
  planned_bottles integer NOT NULL,
  released_at timestamptz NOT NULL,
  finished_at timestamptz
);

CREATE TABLE plant.shift (
  shift_id bigint PRIMARY KEY,
  site_id integer NOT NULL REFERENCES plant.site,
  name text NOT NULL,
  crew text NOT NULL,
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL
);

CREATE TABLE plant.machine_stop (
  stop_id bigint PRIMARY KEY,
  machine_id integer NOT NULL REFERENCES plant.machine,
  started_at timestamptz NOT NULL,
  ended_at timestamptz,
  reason_code text NOT NULL,
  reason text NOT NULL
);
COMMENT ON COLUMN plant.machine_stop.ended_at IS 'Empty while the machine stands';

CREATE TABLE plant.machine_state (
  state_id bigint PRIMARY KEY,
  machine_id integer NOT NULL REFERENCES plant.machine,
  since timestamptz NOT NULL,
  state text NOT NULL,
  reason text
);
COMMENT ON TABLE plant.machine_state IS 'Written by the line control when a machine changes over to another state';

CREATE TABLE plant.work_order (
  work_order_no bigint PRIMARY KEY,
  machine_id integer NOT NULL REFERENCES plant.machine,
  opened_at timestamptz NOT NULL,
  closed_at timestamptz,
  technician text NOT NULL,
  description text NOT NULL
);

CREATE TABLE plant.operator_note (
  note_id bigint PRIMARY KEY,
  site_id integer NOT NULL REFERENCES plant.site,
  machine_id integer REFERENCES plant.machine,
  written_at timestamptz NOT NULL,
  author text NOT NULL,
  note text NOT NULL
);

CREATE TABLE plant.filler_reading (
  machine_id integer NOT NULL REFERENCES plant.machine,
  read_at timestamptz NOT NULL,
  power_kw numeric(8,2) NOT NULL,
  load_pct numeric(5,1) NOT NULL,
  vibration_mm_s numeric(6,2) NOT NULL,
  motor_temperature_c numeric(5,1) NOT NULL,
  speed_bph numeric(7,0) NOT NULL,
  bowl_pressure_bar numeric(5,2) NOT NULL,
  product_temperature_c numeric(5,1) NOT NULL,
  fill_volume_ml numeric(7,1) NOT NULL,
  bottles_total bigint NOT NULL,
  PRIMARY KEY (machine_id, read_at)
);

CREATE TABLE plant.capper_reading (
  machine_id integer NOT NULL REFERENCES plant.machine,
  read_at timestamptz NOT NULL,
  power_kw numeric(8,2) NOT NULL,
  load_pct numeric(5,1) NOT NULL,
  vibration_mm_s numeric(6,2) NOT NULL,
  motor_temperature_c numeric(5,1) NOT NULL,
  speed_bph numeric(7,0) NOT NULL,
  cap_torque_nm numeric(5,2) NOT NULL,
  rejects_total bigint NOT NULL,
  PRIMARY KEY (machine_id, read_at)
);

CREATE TABLE plant.labeller_reading (
  machine_id integer NOT NULL REFERENCES plant.machine,
  read_at timestamptz NOT NULL,
  power_kw numeric(8,2) NOT NULL,
  load_pct numeric(5,1) NOT NULL,
  vibration_mm_s numeric(6,2) NOT NULL,
  motor_temperature_c numeric(5,1) NOT NULL,
  speed_bph numeric(7,0) NOT NULL,
  glue_temperature_c numeric(5,1) NOT NULL,
  label_offset_mm numeric(5,2) NOT NULL,
  PRIMARY KEY (machine_id, read_at)
);

CREATE TABLE plant.packer_reading (
  machine_id integer NOT NULL REFERENCES plant.machine,
  read_at timestamptz NOT NULL,
  power_kw numeric(8,2) NOT NULL,
  load_pct numeric(5,1) NOT NULL,
  vibration_mm_s numeric(6,2) NOT NULL,
  motor_temperature_c numeric(5,1) NOT NULL,
  packs_per_min numeric(6,1) NOT NULL,
  air_pressure_bar numeric(5,2) NOT NULL,
  packs_total bigint NOT NULL,
  PRIMARY KEY (machine_id, read_at)
);

CREATE TABLE plant.conveyor_reading (
  machine_id integer NOT NULL REFERENCES plant.machine,
  read_at timestamptz NOT NULL,
  power_kw numeric(8,2) NOT NULL,
  load_pct numeric(5,1) NOT NULL,
  vibration_mm_s numeric(6,2) NOT NULL,
  motor_temperature_c numeric(5,1) NOT NULL,
  belt_speed_m_s numeric(5,2) NOT NULL,
  bearing_temperature_c numeric(5,1) NOT NULL,
  PRIMARY KEY (machine_id, read_at)
);

CREATE TABLE plant.pump_reading (
  machine_id integer NOT NULL REFERENCES plant.machine,
  read_at timestamptz NOT NULL,
  power_kw numeric(8,2) NOT NULL,
  load_pct numeric(5,1) NOT NULL,
  vibration_mm_s numeric(6,2) NOT NULL,
  motor_temperature_c numeric(5,1) NOT NULL,
  flow_m3_h numeric(6,2) NOT NULL,
  discharge_pressure_bar numeric(5,2) NOT NULL,
  filter_dp_bar numeric(5,2) NOT NULL,
  energy_kwh numeric(14,3) NOT NULL,
  PRIMARY KEY (machine_id, read_at)
);
COMMENT ON COLUMN plant.pump_reading.filter_dp_bar IS 'Differential pressure over the inlet filter';

CREATE TABLE plant.compressor_reading (
  machine_id integer NOT NULL REFERENCES plant.machine,
  read_at timestamptz NOT NULL,
  power_kw numeric(8,2) NOT NULL,
  load_pct numeric(5,1) NOT NULL,
  vibration_mm_s numeric(6,2) NOT NULL,
  motor_temperature_c numeric(5,1) NOT NULL,
  discharge_pressure_bar numeric(5,2) NOT NULL,
  oil_temperature_c numeric(5,1) NOT NULL,
  ambient_temperature_c numeric(5,1) NOT NULL,
  energy_kwh numeric(14,3) NOT NULL,
  PRIMARY KEY (machine_id, read_at)
);

CREATE TABLE plant.chiller_reading (
  machine_id integer NOT NULL REFERENCES plant.machine,
  read_at timestamptz NOT NULL,
  power_kw numeric(8,2) NOT NULL,
  load_pct numeric(5,1) NOT NULL,
  vibration_mm_s numeric(6,2) NOT NULL,
  motor_temperature_c numeric(5,1) NOT NULL,
  supply_temperature_c numeric(5,1) NOT NULL,
  return_temperature_c numeric(5,1) NOT NULL,
  glycol_level_pct numeric(5,1) NOT NULL,
  ambient_temperature_c numeric(5,1) NOT NULL,
  energy_kwh numeric(14,3) NOT NULL,
  PRIMARY KEY (machine_id, read_at)
);

CREATE TABLE plant.boiler_reading (
  machine_id integer NOT NULL REFERENCES plant.machine,
  read_at timestamptz NOT NULL,
  power_kw numeric(8,2) NOT NULL,
  load_pct numeric(5,1) NOT NULL,
  vibration_mm_s numeric(6,2) NOT NULL,
  motor_temperature_c numeric(5,1) NOT NULL,
  steam_pressure_bar numeric(5,2) NOT NULL,
  flue_temperature_c numeric(5,1) NOT NULL,
  gas_flow_m3_h numeric(7,1) NOT NULL,
  energy_kwh numeric(14,3) NOT NULL,
  PRIMARY KEY (machine_id, read_at)
);
COMMENT ON COLUMN plant.boiler_reading.power_kw IS 'Electrical, of fan and feed pump (kW)';
