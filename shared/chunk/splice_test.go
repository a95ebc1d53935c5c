package chunk

import (
	"hash/crc32"
	"testing"

	"pgregory.net/rapid"
)

func TestTheCombinedCRCIsTheCRCOfTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.SliceOf(rapid.Byte()).Draw(t, "first")
		second := rapid.SliceOf(rapid.Byte()).Draw(t, "second")
		for range rapid.IntRange(0, 12).Draw(t, "doublings") { // lengths that reach far beyond a byte
			second = append(second, second...)
		}
		want := crc32.ChecksumIEEE(append(append([]byte{}, first...), second...))
		got := combine(crc32.ChecksumIEEE(first), crc32.ChecksumIEEE(second), len(second))
		if got != want {
			t.Fatalf("got %08x, want %08x", got, want)
		}
	})
}

func TestTheCombinedCRCOfManyPartsIsTheCRCOfTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := rapid.SliceOfN(rapid.Byte(), 0, 2000).Draw(t, "whole")
		var got uint32
		for rest := whole; len(rest) > 0; {
			n := rapid.IntRange(0, len(rest)).Draw(t, "part")
			if n == 0 { // an empty part changes nothing, but must not go on for ever
				got = combine(got, 0, 0)
				n = 1
			}
			got = combine(got, crc32.ChecksumIEEE(rest[:n]), n)
			rest = rest[n:]
		}
		if want := crc32.ChecksumIEEE(whole); got != want {
			t.Fatalf("got %08x, want %08x", got, want)
		}
	})
}
