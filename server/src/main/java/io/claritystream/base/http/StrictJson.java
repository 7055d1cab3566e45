package io.claritystream.base.http;

import io.claritystream.protocol.text.WholeText;
import java.time.Instant;
import java.util.Optional;
import org.springframework.boot.jackson.autoconfigure.JsonFactoryBuilderCustomizer;
import org.springframework.boot.jackson.autoconfigure.JsonMapperBuilderCustomizer;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactoryBuilder;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.cfg.CoercionAction;
import tools.jackson.databind.cfg.CoercionInputShape;
import tools.jackson.databind.cfg.DateTimeFeature;
import tools.jackson.databind.cfg.EnumFeature;
import tools.jackson.databind.deser.jdk.StringDeserializer;
import tools.jackson.databind.deser.std.StdDeserializer;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.module.SimpleModule;
import tools.jackson.databind.type.LogicalType;

/// JSON of the API: snake_case names, lower-case enums, times as RFC 3339. Reading is strict:
/// unknown fields, keys given twice, anything after the value and values of another type are
/// refused.
/// What is deep, long or much beyond use is refused before it is read to its end.
final class StrictJson implements JsonMapperBuilderCustomizer, JsonFactoryBuilderCustomizer {
  static final int DEPTH_MAX = 64;
  static final int NAME_MAX = 1_000;
  static final int NUMBER_MAX = 200;
  static final int TOKENS_MAX = 250_000;
  static final int STRING_MAX = 1_048_576;

  @Override
  public void customize(JsonFactoryBuilder json) {
    json.streamReadConstraints(
        StreamReadConstraints.builder()
            .maxNestingDepth(DEPTH_MAX)
            .maxNameLength(NAME_MAX)
            .maxNumberLength(NUMBER_MAX)
            .maxTokenCount(TOKENS_MAX)
            .maxStringLength(STRING_MAX)
            .build());
  }

  @Override
  public void customize(JsonMapper.Builder json) {
    json.addModule(
            new SimpleModule("strict")
                .addDeserializer(Instant.class, new Times())
                .addDeserializer(String.class, new Texts()))
        .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
        .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
        .enable(
            DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES,
            DeserializationFeature.FAIL_ON_TRAILING_TOKENS,
            DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES,
            DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
        .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
        .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
        .disable(DateTimeFeature.WRITE_DATES_AS_TIMESTAMPS)
        .enable(EnumFeature.WRITE_ENUMS_TO_LOWERCASE, EnumFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
        .withCoercionConfig(
            LogicalType.Textual,
            textual ->
                textual
                    .setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                    .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                    .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail));
  }

  /// What is kept or sent on has to be whole.
  private static final class Texts extends StringDeserializer {

    @Override
    public String deserialize(JsonParser parser, DeserializationContext context) {
      String text = super.deserialize(parser, context);
      return text == null || WholeText.is(text)
          ? text
          : (String) context.handleWeirdStringValue(String.class, text, "half a character");
    }
  }

  /// A time is a text; a number would leave open what it counts.
  private static final class Times extends StdDeserializer<Instant> {

    Times() {
      super(Instant.class);
    }

    @Override
    public Instant deserialize(JsonParser parser, DeserializationContext context) {
      if (parser.currentToken() != JsonToken.VALUE_STRING) {
        return (Instant)
            context.handleUnexpectedToken(context.constructType(Instant.class), parser);
      }
      String text = parser.getString();
      Optional<Instant> time = ApiTime.parse(text);
      return time.isPresent()
          ? time.get()
          : (Instant) context.handleWeirdStringValue(Instant.class, text, "not an RFC 3339 time");
    }
  }
}
