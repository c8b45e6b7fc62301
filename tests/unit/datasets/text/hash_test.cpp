#include "datasets/text/hash.h"

#include <doctest/doctest.h>

using namespace llmops;

TEST_CASE("sha256: vectors of FIPS 180-4") {
  CHECK(sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  Sha256 parts;
  parts.add("a");
  parts.add("");
  parts.add("bc");
  CHECK(parts.hex() == sha256("abc"));
}

TEST_CASE("hash64: the same on every machine and in every version") {
  CHECK(hash64("") == 0xc3817c016ba4ff30ULL);
  CHECK(hash64("abc") == 0x29e32c04ec3f9c30ULL);
  CHECK(hash64("abc") != hash64("abd"));
  CHECK(hash64("abc", 1) != hash64("abc"));
}
