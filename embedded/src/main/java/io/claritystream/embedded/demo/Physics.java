package io.claritystream.embedded.demo;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a machine reads at a moment: a function of the seed, the machine and the time.
///
/// The weather warms the hall; the calendar and faults set a line's speed, which moves over
/// minutes; speed makes load, load makes power, and load of the last hour makes heat. Utilities
/// follow the lines of their site: two of a kind share what is asked of them, and one takes all
/// when the other stands.
///
/// Not safe for several threads: what it remembers of the last minutes' speeds only saves work.
final class Physics {
  private static final int REMEMBERED_MINUTES = 1 << 12;
  private static final int HEAT_MINUTES = 54;
  private static final double HEAT_LAG_MIN = 18;
  private static final double CHANGE_OF_LEAD_S = 300;
  private static final double DAY_S = 86_400;
  private static final int WEATHER = 40_000;

  /// Purposes of a machine's streams of noise; a metric's jitter has 100 + its number.
  private static final int CHARACTER = 1;
  private static final int WANDER = 2;
  private static final int CYCLE = 3;
  private static final int JITTER = 100;

  /// What a minute's work still counts, the newest first; together 1.
  private static final double[] HEAT_WEIGHTS = heatWeights();

  private final Noise noise;
  private final Calendar calendar;
  private final Faults faults;
  private final Map<Integer, List<Line>> linesOfSite = new HashMap<>();
  private final Map<Integer, Machine> twins = new HashMap<>();
  private final long[][] minutes;
  private final double[][] speeds;

  Physics(Noise noise, Calendar calendar, Faults faults, Fleet fleet) {
    this.noise = noise;
    this.calendar = calendar;
    this.faults = faults;
    for (Site site : fleet.sites()) {
      linesOfSite.put(site.id(), fleet.linesOf(site));
    }
    for (Machine one : fleet.machines()) {
      for (Machine other : fleet.machines()) {
        if (one.line() == null
            && other.line() == null
            && one.kind() == other.kind()
            && one.site().equals(other.site())
            && one.id() != other.id()) {
          twins.put(one.id(), other);
        }
      }
    }
    int lines = fleet.lines().size();
    minutes = new long[lines][REMEMBERED_MINUTES];
    speeds = new double[lines][REMEMBERED_MINUTES];
    for (long[] row : minutes) {
      Arrays.fill(row, Long.MIN_VALUE);
    }
  }

  private static double[] heatWeights() {
    double[] weights = new double[HEAT_MINUTES];
    double sum = 0;
    for (int i = 0; i < weights.length; i++) {
      weights[i] = Math.exp(-i / HEAT_LAG_MIN);
      sum += weights[i];
    }
    for (int i = 0; i < weights.length; i++) {
      weights[i] /= sum;
    }
    return weights;
  }

  /// The values in the order of the class's metrics. A counter's place holds the rate at which it
  /// grows, an hour.
  double[] read(Machine machine, long millis) {
    var moment = new Moment(machine, millis);
    MachineClass kind = machine.kind();
    var values = new double[kind.metrics().size()];
    for (int i = 0; i < values.length; i++) {
      Metric metric = kind.metrics().get(i);
      values[i] = Math.clamp(moment.value(metric), metric.low(), metric.high());
    }
    return values;
  }

  /// Outside, in the shade.
  double ambientC(Site site, double second) {
    double day = second / 86_400;
    double season = Math.cos(2 * Math.PI * (day - 200) / 365.25);
    double hour = Math.cos(2 * Math.PI * (day - 14.5 / 24));
    return 10.5
        + site.warmerC()
        + 6.2 * season
        + (2.6 + 1.2 * season) * hour
        + 2.8 * noise.smooth(WEATHER + site.id(), second, 26_000)
        + 0.4 * noise.smooth(WEATHER + 10 + site.id(), second, 1_900);
  }

  /// The share of its nominal speed at which a line runs, faults and all.
  double lineSpeed(Line line, double second) {
    long minute = Math.floorDiv((long) Math.floor(second), 60L);
    double part = second / 60 - minute;
    double from = smoothed(line, minute);
    return from + (smoothed(line, minute + 1) - from) * part;
  }

  private double smoothed(Line line, long minute) {
    return 0.5 * wanted(line, minute)
        + 0.3 * wanted(line, minute - 1)
        + 0.2 * wanted(line, minute - 2);
  }

  private double wanted(Line line, long minute) {
    int place = (int) (minute & REMEMBERED_MINUTES - 1);
    if (minutes[line.index()][place] != minute) {
      minutes[line.index()][place] = minute;
      speeds[line.index()][place] = wantedAnew(line, minute);
    }
    return speeds[line.index()][place];
  }

  private double wantedAnew(Line line, long minute) {
    double planned = calendar.planned(line, minute).speed();
    Fault fault = faults.around(line.site(), minute * 60.0);
    Line broken = fault.machine().line();
    if (broken == null || broken.index() != line.index()) {
      return planned;
    }
    if (fault.standing(minute * 60.0)) {
      return 0;
    }
    // A filling valve that drips or a pump that starves holds the whole line back.
    return planned * (1 - 0.08 * fault.severity(minute * 60.0));
  }

  /// How busy a site's lines are together, 0 to about 1.
  private double siteSpeed(Site site, double second) {
    double sum = 0;
    List<Line> lines = linesOfSite.getOrDefault(site.id(), List.of());
    for (Line line : lines) {
      sum += lineSpeed(line, second);
    }
    return sum / lines.size();
  }

  /// One machine at one moment.
  private final class Moment {
    private final Machine machine;
    private final double second;
    private final long millis;
    private final @Nullable Fault fault;
    private final double severity;
    private final double heat;
    private final double motion;
    private final double ambientC;
    private final double work;
    private final double powerKw;
    private double warmedUp = Double.NaN;

    Moment(Machine machine, long millis) {
      this.machine = machine;
      this.millis = millis;
      this.second = millis / 1_000.0;
      this.fault = faults.of(machine, second);
      this.severity = fault == null ? 0 : fault.severity(second);
      this.heat = fault == null ? 0 : fault.heat(second);
      this.motion = fault == null ? 1 : fault.motion(second);
      this.ambientC = Physics.this.ambientC(machine.site(), second);
      this.work = work(second) * motion;
      this.powerKw = powerKw();
    }

    double value(Metric metric) {
      return switch (metric) {
        case POWER, ENERGY -> powerKw;
        case LOAD -> 100 * powerKw / machine.kind().ratedKw() + 0.4 * jitter(metric);
        case VIBRATION -> vibration();
        case MOTOR_TEMPERATURE -> motorC() + 0.15 * jitter(metric);
        case SPEED, BOTTLES -> bottlesPerHour();
        case BOWL_PRESSURE -> bowlBar() + 0.015 * jitter(metric);
        case PRODUCT_TEMPERATURE -> productC() + 0.08 * jitter(metric);
        case FILL_VOLUME -> fillMl() + 0.5 * jitter(metric);
        case CAP_TORQUE ->
            1.85
                + 0.12 * character()
                - 0.75 * of(FaultKind.CLUTCH_WEAR, severity)
                + 0.03 * jitter(metric);
        case REJECTS -> bottlesPerHour() * (0.0015 + 0.03 * of(FaultKind.CLUTCH_WEAR, severity));
        case GLUE_TEMPERATURE ->
            148 + 3 * character() - 34 * of(FaultKind.GLUE_HEATER, severity) + 0.5 * jitter(metric);
        case LABEL_OFFSET ->
            Math.abs(0.35 + 0.1 * character() + 2.9 * severity + 0.07 * jitter(metric));
        case PACK_RATE -> bottlesPerHour() / 60 / 6 * (work > 0.01 ? 1 + 0.01 * jitter(metric) : 1);
        case PACKS -> bottlesPerHour() / 6;
        case AIR_PRESSURE -> 6.3 + 0.1 * character() - 1.9 * severity + 0.03 * jitter(metric);
        case BELT_SPEED -> 0.92 * work + (work > 0.01 ? 0.006 * jitter(metric) : 0);
        case BEARING_TEMPERATURE ->
            hallC() + 14 * warmedUp() + 36 * worn(heat) + 0.15 * jitter(metric);
        case FLOW -> flow() + (work > 0.01 ? 0.06 * jitter(metric) : 0);
        case DISCHARGE_PRESSURE -> dischargeBar() + 0.02 * jitter(metric);
        case FILTER_DP -> filterBar();
        case OIL_TEMPERATURE ->
            hallC() + 42 * warmedUp() + 38 * of(FaultKind.OIL_COOLER, heat) + 0.2 * jitter(metric);
        case AMBIENT_TEMPERATURE -> ambientC + 0.1 * jitter(metric);
        case SUPPLY_TEMPERATURE -> supplyC() + 0.06 * jitter(metric);
        case RETURN_TEMPERATURE -> returnC() + 0.08 * jitter(metric);
        case GLYCOL_LEVEL ->
            91
                + 3 * character()
                + 0.8 * noise.smooth(machine.stream(WANDER), second, 40_000)
                - 38 * of(FaultKind.GLYCOL_LOSS, severity)
                + 0.15 * jitter(metric);
        case STEAM_PRESSURE -> steamBar() + 0.02 * jitter(metric);
        case FLUE_TEMPERATURE ->
            hallC()
                + 45
                + 125 * work(second)
                + 88 * of(FaultKind.BURNER_FOULING, heat)
                + 0.8 * jitter(metric);
        case GAS_FLOW ->
            motion
                * (6 + 118 * work * (1 + 0.32 * of(FaultKind.BURNER_FOULING, severity)))
                * (1 + 0.01 * jitter(metric));
      };
    }

    /// The share of what it can do that is asked of it, 0 to about 1.1, were it in order.
    private double work(double at) {
      Line line = machine.line();
      if (line != null) {
        return lineSpeed(line, at);
      }
      double busy = siteSpeed(machine.site(), at);
      return switch (machine.kind()) {
        case COMPRESSOR -> leading(0.30 + 1.15 * busy, at);
        case BOILER -> leading(0.40 + 0.75 * busy, at);
        case CHILLER -> {
          double asked =
              0.34 + 0.42 * busy + 0.014 * (Physics.this.ambientC(machine.site(), at) - 10);
          yield Math.clamp(asked * (1 + 0.75 * twinAway(at)), 0.12, 1.08);
        }
        default -> Math.min(1.05, (0.25 + 0.7 * busy) * (1 + 0.45 * twinAway(at)));
      };
    }

    /// Of two, the leader runs as far as it can and the other takes the rest.
    private double leading(double asked, double at) {
      double leader = Math.min(0.88, asked);
      double follower = Math.max(0.14, asked - 0.88);
      // They change places each day, for even wear.
      boolean leads = (machine.number() + Math.floorDiv((long) at, (long) DAY_S)) % 2 == 0;
      double handed = Math.min(1, (at - Math.floor(at / DAY_S) * DAY_S) / CHANGE_OF_LEAD_S);
      double share = leads ? handed : 1 - handed;
      double own = follower + (leader - follower) * share;
      return own + (Math.min(1.05, asked) - own) * twinAway(at);
    }

    /// How far the other one of a pair stands still: 0 to 1.
    private double twinAway(double at) {
      Machine twin = twins.get(machine.id());
      Fault of = twin == null ? null : faults.of(twin, at);
      return of == null ? 0 : 1 - of.motion(at);
    }

    /// The work of the last hour, as far as it still warms.
    private double warmedUp() {
      if (Double.isNaN(warmedUp)) {
        double sum = 0;
        for (int i = 0; i < HEAT_MINUTES; i++) {
          sum += HEAT_WEIGHTS[i] * work(second - i * 60.0);
        }
        // A line's speed tells that it stood; of the work asked of utilities nothing does.
        double own = machine.line() == null && fault != null ? fault.warmth(second) : 1;
        warmedUp = sum * own;
      }
      return warmedUp;
    }

    private double powerKw() {
      if (motion == 0) {
        return machine.kind().ratedKw() * (0.02 + 0.001 * jitter(Metric.POWER));
      }
      double extra =
          switch (fault == null ? FaultKind.BOWL_LEAK : fault.kind()) {
            case BEARING_WEAR -> 0.09;
            case AIR_LEAK -> 0.45;
            case OIL_COOLER -> 0.10;
            case GLYCOL_LOSS -> 0.42;
            default -> 0.0;
          };
      double idle = machine.line() == null ? 0.10 : 0.06;
      double wander = 1 + 0.03 * noise.smooth(machine.stream(WANDER), second, 900);
      return machine.kind().ratedKw()
          * (idle * motion + (0.70 + 0.03 * character()) * work * wander * (1 + extra * severity))
          * (1 + 0.006 * jitter(Metric.POWER));
    }

    private double vibration() {
      double base = 0.9 + 0.5 * work + 0.45 * character();
      double loose =
          worn(severity) * 6.2
              + of(FaultKind.CLUTCH_WEAR, severity) * 3.2
              + of(FaultKind.CLOGGED_FILTER, severity) * 1.1;
      double wander = 1 + 0.08 * noise.smooth(machine.stream(CYCLE), second, 300);
      double moving = Math.min(1, work * 3);
      return 0.12 + moving * ((base + loose) * wander + 0.05 * jitter(Metric.VIBRATION)) + 0.02;
    }

    private double motorC() {
      double rise = machine.kind() == MachineClass.COMPRESSOR ? 46 : 34;
      return hallC()
          + (rise + 3 * character()) * warmedUp()
          + 30 * worn(heat)
          + 27 * of(FaultKind.OIL_COOLER, heat);
    }

    /// Halls are heated, and warmed by what runs in them.
    private double hallC() {
      return 17
          + Math.max(0, ambientC - 8) * 0.55
          + 2.5 * siteSpeed(machine.site(), second - 1_800);
    }

    private double bottlesPerHour() {
      Line line = machine.line();
      double steady = 1 + 0.006 * noise.smooth(machine.stream(CYCLE), second, 40);
      return line == null ? 0 : line.nominalBph() * work * steady;
    }

    private double bowlBar() {
      Product product = product();
      double set = product.carbonated() ? 4.1 : 1.8;
      double ripple = 0.05 * noise.smooth(machine.stream(CYCLE), second, 25) * work;
      return set + 0.06 * character() + ripple - 0.42 * set * of(FaultKind.BOWL_LEAK, severity);
    }

    /// It comes cold from the chillers, and warms in a line that stands.
    private double productC() {
      double cold = product().fillTemperatureC();
      double stood = 1 - Math.min(1, 2.5 * warmedUp());
      return cold + (hallC() - cold) * 0.45 * stood + 0.25 * character();
    }

    private double fillMl() {
      return product().volumeMl() * (1 - 0.075 * of(FaultKind.BOWL_LEAK, severity));
    }

    private Product product() {
      Line line = machine.line();
      if (line == null) {
        throw new IllegalStateException(machine.tag() + " fills nothing");
      }
      return calendar.product(line, calendar.order(line, Math.floorDiv((long) second, 60L)));
    }

    private double flow() {
      double nominal = machine.line() == null ? 34 : 21;
      return nominal * work * (1 - 0.46 * of(FaultKind.CLOGGED_FILTER, severity));
    }

    private double filterBar() {
      // A filter fills over days and is changed when it stops the pump; flow makes the difference.
      double dirt = 0.22 + 0.1 * noise.smooth(machine.stream(WANDER), second, 200_000);
      double clogged = dirt + 1.75 * of(FaultKind.CLOGGED_FILTER, severity);
      return Math.max(0.01, clogged * work + 0.01 * jitter(Metric.FILTER_DP));
    }

    private double dischargeBar() {
      if (machine.kind() == MachineClass.PUMP) {
        double built = 3.9 + 0.15 * character() - 0.9 * work * work;
        return 0.3
            + Math.min(1, work * 4) * built * (1 - 0.2 * of(FaultKind.CLOGGED_FILTER, severity));
      }
      // Load and unload: a saw tooth, faster under load. A standing machine hangs on the common
      // net.
      double cycle = second / (260 - 120 * Math.min(1, work)) + machine.number() * 0.37;
      double tooth = cycle - Math.floor(cycle);
      return 7.25
          - 0.35 * work
          + 0.28 * (tooth < 0.6 ? tooth / 0.6 : (1 - tooth) / 0.4)
          - 0.55 * Math.max(twinAway(second), 1 - motion)
          - 0.5 * of(FaultKind.OIL_COOLER, severity);
    }

    private double supplyC() {
      double over = Math.max(0, work - 0.85);
      double wander = 0.35 * noise.smooth(machine.stream(CYCLE), second, 420);
      double standing = motion == 0 ? 2.4 * (1 - of(FaultKind.GLYCOL_LOSS, heat)) : 0;
      return 1.0
          + 0.3 * character()
          + wander
          + 7 * over
          + 2.6 * of(FaultKind.GLYCOL_LOSS, heat)
          + standing;
    }

    private double returnC() {
      return supplyC() + 2.2 + 3.6 * work(second) + 4.8 * of(FaultKind.GLYCOL_LOSS, heat);
    }

    private double steamBar() {
      double wander = 0.18 * noise.smooth(machine.stream(CYCLE), second, 500);
      return 7.6
          - 0.5 * work(second)
          + wander
          - 1.7 * of(FaultKind.BURNER_FOULING, severity)
          - (motion == 0 ? 0.6 : 0);
    }

    private double worn(double amount) {
      return of(FaultKind.BEARING_WEAR, amount);
    }

    private double of(FaultKind kind, double amount) {
      return fault != null && fault.kind() == kind ? amount : 0;
    }

    /// No two machines are alike: −1 to 1, forever.
    private double character() {
      return 2 * noise.uniform(machine.stream(CHARACTER), 0) - 1;
    }

    private double jitter(Metric metric) {
      return noise.jitter(machine.stream(JITTER + metric.ordinal()), millis);
    }
  }
}
