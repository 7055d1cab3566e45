package io.claritystream.stream.materializer;

import static io.claritystream.stream.materializer.Capture.table;
import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.protocol.block.TableSchema;
import io.claritystream.stream.materializer.Mapping.Session;
import io.claritystream.stream.materializer.Mapping.TimeUnit;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Which tables become sessions, and which columns say when, what and why.
class SessionInferenceTests {

  static Stream<Arguments> sessions() {
    return Stream.of(
        of(
            "stops of an MES",
            table(
                "plant.machine_stop",
                "stop_id int8 key",
                "machine_id int4 -> plant.machine(machine_id)",
                "started_at timestamptz required",
                "ended_at timestamptz",
                "reason_code text",
                "reason text"),
            "machine_id",
            new Session("started_at", "ended_at", null, "reason")),
        of(
            "downtime events, camel case",
            table(
                "dbo.DowntimeEvents",
                "EventId int8 key",
                "EquipmentId int4",
                "StartTime timestamp",
                "EndTime timestamp",
                "DurationMin float8",
                "ReasonCode int4",
                "Comments text"),
            "EquipmentId",
            new Session("StartTime", "EndTime", null, "ReasonCode")),
        of(
            "states with begin and end, from a historian",
            table(
                "EQUIPMENT_STATE_HISTORY",
                "EQUIPMENT_ID text key",
                "BEGIN_TS timestamp key",
                "END_TS timestamp",
                "STATE_CODE int4",
                "STATE_NAME text",
                "CATEGORY text"),
            "EQUIPMENT_ID",
            new Session("BEGIN_TS", "END_TS", "STATE_NAME", "CATEGORY")),
        of(
            "a history of statuses with begin and end",
            table(
                "machine_status_history",
                "machine_id int4",
                "status text",
                "valid_from timestamptz",
                "from_ts timestamptz",
                "to_ts timestamptz",
                "duration_s int4"),
            "machine_id",
            new Session("from_ts", "to_ts", "status", null)),
        of(
            "numbers since 1970",
            table(
                "asset_downtime",
                "id int8 key",
                "asset_id int4",
                "start_ts int8",
                "end_ts int8",
                "cause text"),
            "asset_id",
            new Session("start_ts", "end_ts", null, "cause")),
        of(
            "from and to",
            table(
                "vehicle_usage",
                "id int8 key",
                "vehicle_id int4",
                "from timestamptz",
                "to timestamptz",
                "driver text",
                "remark text"),
            "vehicle_id",
            new Session("from", "to", null, "remark")),
        of(
            "what was planned beside what was",
            table(
                "production_runs",
                "run_id int8 key",
                "line_id int4",
                "planned_start timestamptz",
                "planned_end timestamptz",
                "actual_start timestamptz",
                "actual_end timestamptz",
                "status text",
                "good_count int4"),
            "line_id",
            new Session("actual_start", "actual_end", null, null)),
        of(
            "a stop that ends where the machine runs again",
            table(
                "line_stoppages",
                "id int8 key",
                "line_id int4",
                "stopped_at timestamptz",
                "restarted_at timestamptz",
                "stop_type text",
                "machine_class text"),
            "line_id",
            new Session("stopped_at", "restarted_at", null, "stop_type")),
        of(
            "names written together, beside the shift's own times",
            table(
                "breakdowns",
                "id int8 key",
                "machineid text",
                "shift_start timestamptz",
                "shift_end timestamptz",
                "starttime timestamptz",
                "endtime timestamptz"),
            "machineid",
            new Session("starttime", "endtime", null, null)),
        of(
            "a log of states",
            table(
                "machine_states",
                "id int8 key",
                "machine_id int4",
                "state text",
                "since timestamptz",
                "created_at timestamptz"),
            "machine_id",
            new Session("since", null, "state", null)),
        of(
            "a log of states of an enumerated type, with a comment",
            table(
                "machine_status_log",
                "machine_id int4",
                "status machine_status",
                "at timestamptz",
                "comment text"),
            "machine_id",
            new Session("at", null, "status", "comment")),
        of(
            "changes from a state to another",
            table(
                "scada.StateTransitions",
                "Id int8 key",
                "DeviceId int4",
                "FromState text",
                "ToState text",
                "ChangedAt timestamp",
                "Reason text"),
            "DeviceId",
            new Session("ChangedAt", null, "ToState", "Reason")),
        of(
            "a log of states that also says how long they lasted",
            table(
                "equipment_statuses",
                "id int8 key",
                "equipment_no text",
                "status_code int2",
                "ts timestamptz",
                "duration_s numeric"),
            "equipment_no",
            new Session("ts", null, "status_code", null)),
        of(
            "a history that is of machines alone",
            table("machine_history", "id int8 key", "machine text", "mode text", "ts timestamptz"),
            "machine",
            new Session("ts", null, "mode", null)),
        of(
            "states with a count, in which nobody sees readings",
            table(
                "machine_states",
                "id int8 key",
                "machine_id int4",
                "state text",
                "changed_at timestamptz",
                "good_parts int4"),
            "machine_id",
            new Session("changed_at", null, "state", null)),
        of(
            "shifts of a site",
            table(
                "shifts",
                "id int8 key",
                "site_id int4",
                "starts_at timestamptz",
                "ends_at timestamptz"),
            null,
            new Session("starts_at", "ends_at", null, null)));
  }

  private static Arguments of(
      String what, TableSchema table, @Nullable String device, Session session) {
    return Arguments.of(what, table, device, session);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("sessions")
  void a_table_of_spans_or_states_is_one_of_sessions(
      String what, TableSchema table, @Nullable String device, Session session) {
    var mapping = MappingInference.infer(table, Map.of());

    assertThat(mapping.entity()).as("%s", mapping.reasons()).isEqualTo(Entity.SESSION);
    assertThat(mapping.session()).isEqualTo(session);
    if (device == null) {
      assertThat(mapping.parent()).isNull();
    } else {
      assertThat(mapping.parent().columns()).containsExactly(device);
    }
  }

  static final List<TableSchema> OTHERS =
      List.of(
          // Business about machines
          table(
              "work_orders",
              "id int4 key",
              "machine_id int4",
              "status text",
              "started_at timestamptz",
              "finished_at timestamptz"),
          table(
              "alarms",
              "id int4 key",
              "machine_id int4",
              "state text",
              "raised_at timestamptz",
              "cleared_at timestamptz"),
          table(
              "maintenance_schedule",
              "id int4 key",
              "machine_id int4",
              "start_date date",
              "end_date date"),
          table(
              "vehicle_leases",
              "id int4 key",
              "vehicle_id int4",
              "start_time timestamptz",
              "end_time timestamptz"),
          table(
              "machine_operators",
              "id int4 key",
              "machine_id int4",
              "valid_from timestamptz",
              "valid_to timestamptz"),
          table(
              "machine_insurers",
              "id int4 key",
              "machine_id int4",
              "begin_date date",
              "end_date date"),
          table(
              "device_group_members",
              "device_id int4 key",
              "team_id int4 key",
              "from timestamptz",
              "to timestamptz"),
          table(
              "uploads", "id int4 key", "device_id int4", "status text", "uploaded_at timestamptz"),
          table(
              "machine_runs",
              "id int4 key",
              "machine_id int4",
              "status text",
              "started_at timestamptz"),
          table(
              "machine_events", "id int8 key", "machine_id int4", "status text", "ts timestamptz"),
          // States that are none of a machine, or of no time
          table("machine_states", "id int4 key", "name text"),
          table("order_states", "id int4 key", "order_id int4", "state text", "at timestamptz"),
          table(
              "vehicle_status",
              "id int4 key",
              "vehicle_id int4",
              "city text",
              "state text",
              "reported_at timestamptz"),
          table(
              "device_states",
              "id int8 key",
              "device_id int4",
              "signal text",
              "state text",
              "ts timestamptz"),
          table("machine_status", "machine_id int4 key", "status text", "updated_at timestamptz"),
          // A shop for music, with its invoices and tracks
          table(
              "Invoice",
              "InvoiceId int4 key",
              "CustomerId int4",
              "InvoiceDate timestamp",
              "BillingState text",
              "Total numeric"),
          table(
              "Track",
              "TrackId int4 key",
              "Name text",
              "MediaTypeId int4",
              "Milliseconds int4",
              "UnitPrice numeric"),
          table("Customer", "CustomerId int4 key", "State text", "Country text", "Phone text"),
          table(
              "Employee",
              "EmployeeId int4 key",
              "BirthDate timestamp",
              "HireDate timestamp",
              "State text"),
          // A bank for measuring databases
          table("pgbench_accounts", "aid int4 key", "bid int4", "abalance int4", "filler text"),
          table("pgbench_branches", "bid int4 key", "bbalance int4", "filler text"),
          table("pgbench_tellers", "tid int4 key", "bid int4", "tbalance int4", "filler text"),
          table(
              "pgbench_history",
              "tid int4",
              "bid int4",
              "aid int4",
              "delta int4",
              "mtime timestamp",
              "filler text"));

  @ParameterizedTest
  @FieldSource("OTHERS")
  void what_is_agreed_planned_or_somebody_else_s_is_none(TableSchema table) {
    var mapping = MappingInference.infer(table, Map.of());

    assertThat(mapping.entity()).as("%s", mapping).isEqualTo(Entity.ROW);
    assertThat(mapping.session()).isNull();
  }

  static final List<TableSchema> READINGS =
      List.of(
          table(
              "machine_status",
              "machine_id int4",
              "ts timestamptz",
              "status text",
              "speed_rpm float8",
              "temp_c float8"),
          table(
              "energy_consumption",
              "meter_id int4 key",
              "start_time timestamptz key",
              "end_time timestamptz",
              "energy_kwh numeric"),
          table(
              "meter_readings",
              "meter_id int4 key",
              "interval_start timestamptz key",
              "interval_end timestamptz",
              "energy_kwh numeric"));

  @ParameterizedTest
  @FieldSource("READINGS")
  void what_measures_is_readings_though_it_has_states_or_spans(TableSchema table) {
    var mapping = MappingInference.infer(table, Map.of());

    assertThat(mapping.entity()).as("%s", mapping).isEqualTo(Entity.METRIC);
    assertThat(mapping.session()).isNull();
  }

  private static final TableSchema STATES =
      table("machine_states", "machine_id int4", "state text", "since int8", "reason text");

  @Test
  void numbers_as_times_count_from_1970_where_their_name_says_so() {
    var epoch = table("machine_stops", "machine_id int4", "start_epoch int8", "end_epoch int8");

    assertThat(MappingInference.infer(epoch, Map.of()).timeUnit()).isEqualTo(TimeUnit.EPOCH);
    assertThat(MappingInference.infer(STATES, Map.of()).entity()).isEqualTo(Entity.ROW);
  }

  @Test
  void a_session_keeps_all_its_columns_as_extras_of_its_row() {
    var mapping =
        MappingInference.infer(
            table(
                "trips",
                "id int8 key",
                "vehicle_id int4",
                "started_at timestamptz",
                "ended_at timestamptz",
                "distance_km float8"),
            Map.of());

    assertThat(mapping.id()).containsExactly("id");
    assertThat(mapping.extras())
        .containsExactly("vehicle_id", "started_at", "ended_at", "distance_km");
  }

  @Test
  void a_session_says_its_site_beside_its_device() {
    var mapping =
        MappingInference.infer(
            table(
                "stops",
                "id int8 key",
                "site_id int4",
                "machine_id int4",
                "start timestamptz",
                "stop timestamptz"),
            Map.of());

    assertThat(mapping.site().columns()).containsExactly("site_id");
    assertThat(mapping.parent().columns()).containsExactly("machine_id");
  }

  @Test
  void a_session_goes_on_without_a_reason_that_its_table_lost() {
    var before =
        table(
            "stops",
            "id int8 key",
            "machine_id int4",
            "started_at timestamptz",
            "ended_at timestamptz",
            "reason text");
    var after =
        table(
            "stops",
            "id int8 key",
            "machine_id int4",
            "started_at timestamptz",
            "ended_at timestamptz",
            "crew text");

    var extended =
        MappingInference.extend(MappingInference.infer(before, Map.of()), after, Map.of());

    assertThat(extended.session()).isEqualTo(new Session("started_at", "ended_at", null, null));
    assertThat(extended.extras()).containsExactly("machine_id", "started_at", "ended_at", "crew");
  }

  @Test
  void a_session_is_the_same_after_it_was_stored() {
    var json = new MappingJson();
    var mapping =
        MappingInference.infer(
            table("machine_states", "machine_id int4", "state text", "since timestamptz"),
            Map.of());

    assertThat(json.read(json.write(mapping))).isEqualTo(mapping);
  }

  @Test
  void a_mapping_stored_before_sessions_had_columns_has_none() {
    var json = new MappingJson();
    var mapping =
        json.read(
            """
            {"version": 1, "origin": "inferred", "entity": "session", "kind": "public.stops",
             "id": ["id"], "parent": null, "site": null, "name": null, "time": "started_at",
             "time_unit": "text", "metric": null, "value": null, "unit": null, "values": [],
             "extras": ["started_at", "ended_at"], "reasons": []}
            """);

    assertThat(mapping.session()).isNull();
    assertThat(mapping.time()).isEqualTo("started_at");
  }
}
