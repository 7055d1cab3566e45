package io.claritystream.base.http;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/// What nobody who means well would send.
final class Hostile {

  /// In an address, encoded as far as they are.
  static final List<String> TEXTS =
      List.of(
          "",
          "%20",
          "%00",
          "a%00b",
          "%ff%fe",
          "%ed%a0%80",
          "%f0%9f%92%a9",
          "%c0%ae%c0%ae",
          "%e2%80%ae%0d%0a",
          "-1",
          "0",
          "1.5",
          "1e400",
          "NaN",
          "9223372036854775808",
          "2147483648",
          "null",
          "true",
          "%27%3B%20DROP%20TABLE%20x--",
          "%25",
          "_",
          "%5C",
          "[]",
          "%7B%7D",
          "1-1-1-1-1",
          "00000000-0000-0000-0000-000000000000",
          "ffffffff-ffff-ffff-ffff-ffffffffffff",
          "00000000-0000-0000-0000-00000000000g",
          "0001-01-01T00:00:00Z",
          "9999-12-31T23:59:59.999999999Z",
          "%2B1000000000-12-31T23:59:59Z",
          "-1000000000-01-01T00:00:00Z",
          "2026-02-30T00:00:00Z",
          "PT1H",
          "x".repeat(3_000));

  /// That make the whole request malformed.
  static final List<String> RAW = List.of("%", "%zz", "\u0001", "\u00ff", "|", "<a>", "\"", "a b");

  static final List<String> JSON =
      List.of(
          "null",
          "true",
          "0",
          "-1",
          "1.5",
          "1e308",
          "1e400",
          "-0.0",
          "2147483648",
          "9223372036854775808",
          "1" + "0".repeat(150),
          "\"\"",
          "\" \"",
          "\"\\u0000\"",
          "\"a\\u0000b\"",
          "\"\\ud800\"",
          "\"\\udc00\\ud800\"",
          "\"\\ufffe\\u202e\"",
          "\"\\r\\n\"",
          "\"%\"",
          "\"\\\\\"",
          "\"'; --\"",
          "\"=\"",
          "\"={\"",
          "\"=$x(\"",
          "\"https://[\"",
          "\"1-1-1-1-1\"",
          "\"00000000-0000-0000-0000-000000000000\"",
          "\"9999-12-31T23:59:59Z\"",
          "\"+1000000000-12-31T23:59:59Z\"",
          "\"" + "x".repeat(70_000) + "\"",
          "[]",
          "[null]",
          "[[]]",
          "[\"a\",1,null]",
          "{}",
          "{\"a\":1}",
          "{\"\":null}",
          "{\"__proto__\":{\"a\":1}}");

  static final List<byte[]> BODIES =
      List.of(
          utf8(""),
          utf8(" "),
          utf8("\0"),
          utf8("null"),
          utf8("[]"),
          utf8("[{}]"),
          utf8("{}"),
          utf8("1"),
          utf8("\"text\""),
          utf8("{"),
          utf8("{\"a\""),
          utf8("{\"a\":1}{}"),
          utf8("{\"a\":1,\"a\":2}"),
          utf8("{\"a\":01}"),
          utf8("{\"a\":NaN}"),
          utf8("{'a':1}"),
          utf8("{\"a\":1,}"),
          utf8("// text\n{}"),
          utf8("\ufeff{}"),
          utf8("{\"\\ud800\":1}"),
          utf8("{\"a\\u0000\":1}"),
          utf8("[".repeat(20_000)),
          utf8("{\"a\":".repeat(20_000)),
          utf8("{\"a\":" + "9".repeat(100_000) + "}"),
          utf8("{\"a\":1e999999999}"),
          utf8("{\"" + "n".repeat(60_000) + "\":1}"),
          utf8("{\"a\":\"" + "x".repeat(1_200_000) + "\"}"),
          "{\"a\":\"\u00ff\u00fe\"}".getBytes(StandardCharsets.ISO_8859_1),
          new byte[] {
            '{', '"', 'a', '"', ':', '"', (byte) 0xed, (byte) 0xa0, (byte) 0x80, '"', '}'
          },
          "{\"a\":1}".getBytes(StandardCharsets.UTF_16),
          "{\"a\":1}".getBytes(StandardCharsets.UTF_16LE),
          new byte[] {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0});

  static final List<Map.Entry<String, String>> HEADERS =
      List.of(
          Map.entry("Content-Type", ""),
          Map.entry("Content-Type", "text/plain"),
          Map.entry("Content-Type", "application/xml"),
          Map.entry("Content-Type", "multipart/form-data"),
          Map.entry("Content-Type", "multipart/form-data; boundary=a"),
          Map.entry("Content-Type", "application/x-www-form-urlencoded"),
          Map.entry("Content-Type", "application/json; charset=utf-7"),
          Map.entry("Content-Type", "application/json; charset=none"),
          Map.entry("Content-Type", "no type"),
          Map.entry("Content-Type", "*/*"),
          Map.entry("Content-Encoding", "gzip"),
          Map.entry("Accept", "text/html"),
          Map.entry("Accept", "image/*;q=9"),
          Map.entry("Accept", "no type"),
          Map.entry("Accept", "text/event-stream"),
          Map.entry("Accept-Charset", "none"),
          Map.entry("Accept-Language", "x".repeat(200)),
          Map.entry("If-Match", ""),
          Map.entry("If-Match", "*"),
          Map.entry("If-Match", "\"" + "9".repeat(300) + "\""),
          Map.entry("If-Match", "W/\"1\", \"2\", ,,"),
          Map.entry("If-None-Match", "\u00ff"),
          Map.entry("If-None-Match", "*"),
          Map.entry("If-None-Match", "W/\""),
          Map.entry("If-Modified-Since", "never"),
          Map.entry("If-Modified-Since", "Thu, 01 Jan 99999 00:00:00 GMT"),
          Map.entry("Idempotency-Key", ""),
          Map.entry("Idempotency-Key", "\u00ff\u00fe"),
          Map.entry("Idempotency-Key", "k".repeat(256)),
          Map.entry("Idempotency-Key", "the same for all"),
          Map.entry("Idempotency-Key", "the-same-for-all"),
          Map.entry("Range", "bytes=0-0,5-9"),
          Map.entry("Range", "bytes=9999999999999999999-"),
          Map.entry("Expect", "a miracle"),
          Map.entry("Transfer-Encoding", "gzip"),
          Map.entry("Upgrade", "h2c"),
          Map.entry("Cookie", "a=\u0080; =; ;"),
          Map.entry("X-Request-Id", "\u00ff".repeat(300)),
          Map.entry("X-Forwarded-Host", "evil.example"),
          Map.entry("X-Forwarded-Port", "none"),
          Map.entry("X-HTTP-Method-Override", "DELETE"),
          Map.entry("Origin", "null"),
          Map.entry("Traceparent", "00-zz-zz-zz"),
          Map.entry("X-Long", "x".repeat(7_000)));

  /// Parts of cursors, of lists that are there.
  static final List<String> PARTS =
      List.of(
          "",
          "x",
          "-1",
          "9223372036854775807",
          "9223372036854775808",
          "0001-01-01T00:00:00Z",
          "9999-12-31T23:59:59Z",
          "00000000-0000-0000-0000-000000000000",
          "\ud83d\ude00",
          "%");

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private Hostile() {}
}
