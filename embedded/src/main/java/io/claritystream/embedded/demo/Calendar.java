package io.claritystream.embedded.demo;

import java.time.Instant;
import java.time.ZoneId;
import java.time.zone.ZoneRules;

/// Who works when, and what a line is meant to do at a minute: shifts of eight hours, breaks that
/// the two lines of a site take after one another, two orders a shift with a changeover between
/// different products.
final class Calendar {
  static final String TIME_ZONE = "Europe/London";

  /// What a line is planned to do.
  enum Doing {
    RUNNING,
    BREAK,
    CHANGEOVER,
    UNMANNED
  }

  /// @param speed the share of the line's nominal speed
  record Planned(Doing doing, double speed) {}

  enum ShiftName {
    EARLY("Early"),
    LATE("Late"),
    NIGHT("Night");

    private final String label;

    ShiftName(String label) {
      this.label = label;
    }

    String label() {
      return label;
    }
  }

  private static final ZoneRules RULES = ZoneId.of(TIME_ZONE).getRules();
  private static final int SHIFT_MINUTES = 480;
  private static final int ORDER_MINUTES = 240;
  private static final int CHANGEOVER_MINUTES = 14;
  private static final int PRODUCTS = 10_000;
  private static final int CREWS = 10_001;
  private static final int PACE = 10_002;
  private static final int JAMS = 10_003;

  private final Noise noise;

  Calendar(Noise noise) {
    this.noise = noise;
  }

  /// The number of the shift that a minute (since 1970, UTC) belongs to. Numbers follow one
  /// another; every third has the same name.
  long shift(Site site, long minute) {
    return Math.floorDiv(shiftMinutes(site, minute), SHIFT_MINUTES);
  }

  ShiftName shiftName(long shift) {
    return ShiftName.values()[(int) Math.floorMod(shift, 3L)];
  }

  int minuteOfShift(Site site, long minute) {
    return (int) Math.floorMod(shiftMinutes(site, minute), (long) SHIFT_MINUTES);
  }

  /// The number of the order that is a line's turn at a minute, whether or not the line is manned.
  long order(Line line, long minute) {
    return Math.floorDiv(shiftMinutes(line.site(), minute), ORDER_MINUTES);
  }

  int minuteOfOrder(Line line, long minute) {
    return (int) Math.floorMod(shiftMinutes(line.site(), minute), (long) ORDER_MINUTES);
  }

  /// What a line bottles under an order.
  Product product(Line line, long order) {
    return Product.ALL.get(noise.below(Product.ALL.size(), PRODUCTS + 10L * line.index(), order));
  }

  boolean manned(Line line, long minute) {
    return line.runsAtNight() || shiftName(shift(line.site(), minute)) != ShiftName.NIGHT;
  }

  /// What the line is planned to do at a minute, were nothing ever to break.
  Planned planned(Line line, long minute) {
    if (!manned(line, minute)) {
      return new Planned(Doing.UNMANNED, 0);
    }
    Product product = product(line, order(line, minute));
    boolean other = !product.equals(product(line, order(line, minute) - 1));
    if (minuteOfOrder(line, minute) < CHANGEOVER_MINUTES && other) {
      return new Planned(Doing.CHANGEOVER, 0);
    }
    int inShift = minuteOfShift(line.site(), minute);
    int turn = (line.number() - 1) * 30;
    if (inShift >= 285 + turn && inShift < 310 + turn) {
      return new Planned(Doing.BREAK, 0);
    }
    double speed = product.pace() * crewPace(line, minute);
    if (inShift >= 120 + turn / 2 && inShift < 135 + turn / 2) {
      // The short break is taken in turns: half of the crew keeps the line going.
      return new Planned(Doing.BREAK, speed * 0.55);
    }
    if (inShift < 8 || inShift >= SHIFT_MINUTES - 5) {
      speed *= 0.7;
    }
    if (noise.uniform(JAMS + 10L * line.index(), minute) < 0.012) {
      speed *= 0.3;
    }
    return new Planned(Doing.RUNNING, speed);
  }

  /// Crews differ, and nobody keeps exactly one pace.
  private double crewPace(Line line, long minute) {
    double crew = noise.between(0.93, 1.0, CREWS + 10L * line.index(), shift(line.site(), minute));
    return crew * (1 + 0.025 * noise.smooth(PACE + 10L * line.index(), minute * 60.0, 1_500));
  }

  /// Minutes since the first early shift of 1970 began, on the site's own clock.
  private static long shiftMinutes(Site site, long minute) {
    int offset = RULES.getOffset(Instant.ofEpochSecond(minute * 60)).getTotalSeconds() / 60;
    return minute + offset - 360 - site.shiftOffsetMinutes();
  }
}
