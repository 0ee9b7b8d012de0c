package record

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func TestSealedIsVerified(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHeader(t)
		sealed, err := Seal(h, fixedKey(1))
		if err != nil {
			t.Fatal(err)
		}
		got, err := Verify(sealed.Bytes(), placeOf(&h), func(x *Header, kid KeyID) ed25519.PublicKey {
			if x.Index != h.Index || kid != KeyIDOf(public(fixedKey(1))) {
				t.Fatalf("asked for the key %s of %s", kid, x.Ref())
			}
			return public(fixedKey(1))
		})
		if err != nil {
			t.Fatal(err)
		}
		h.Format = Format
		if d := cmp.Diff(&h, got.Header(), cmpopts.EquateEmpty()); d != "" {
			t.Fatal(d)
		}
		if got.ID() != sealed.ID() || got.Key() != sealed.Key() || got.Instrument() != sealed.Instrument() || !bytes.Equal(got.Bytes(), sealed.Bytes()) {
			t.Fatal("sealed and verified differ")
		}
		stored, err := Stored(sealed.Bytes())
		if err != nil || stored.ID() != sealed.ID() {
			t.Fatalf("stored: %v", err)
		}
		peeked, kid, err := Peek(sealed.Bytes())
		if err != nil || kid != sealed.Key() || peeked.Ref() != h.Ref() {
			t.Fatalf("peek: %v", err)
		}
	})
}

// TestNoTermsIsVerified names a mended bug: absent terms were written as null, which no reader accepts.
func TestNoTermsIsVerified(t *testing.T) {
	for _, terms := range []Terms{nil, {}} {
		h := plainHeader()
		h.Terms = terms
		if _, err := Verify(mustSeal(t, h).Bytes(), placeOf(&h), keysOf(public(fixedKey(1)))); err != nil {
			t.Fatal(err)
		}
	}
}

func TestVerifiedKeepsItsOwnBytes(t *testing.T) {
	h := fullHeader(t)
	raw := bytes.Clone(mustSeal(t, h).Bytes())
	r, err := Verify(raw, placeOf(&h), keysOf(public(fixedKey(1))))
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Clone(raw)
	clear(raw)
	if !bytes.Equal(r.Bytes(), want) || r.Header().Kind != h.Kind || !bytes.Equal(r.Header().Terms, h.Terms) {
		t.Error("a change of the received buffer reached the record")
	}
}

// TestEveryByteCounts flips each bit, removes each byte and inserts a byte at each place.
func TestEveryByteCounts(t *testing.T) {
	for _, h := range []Header{plainHeader(), fullHeader(t)} {
		raw := mustSeal(t, h).Bytes()
		pub := public(fixedKey(1))
		counts := map[error]int{}
		refused := func(what string, at int, b []byte) {
			_, err := Verify(b, placeOf(&h), keysOf(pub))
			for _, class := range []error{ErrFormat, ErrPlace, ErrSignature} {
				if errors.Is(err, class) {
					counts[class]++
					return
				}
			}
			t.Fatalf("%s at %d of %d: %v", what, at, len(raw), err)
		}
		for i := range raw {
			for bit := range 8 {
				b := bytes.Clone(raw)
				b[i] ^= 1 << bit
				refused("flipped", i, b)
			}
			refused("removed", i, slices.Delete(bytes.Clone(raw), i, i+1))
			refused("cut", i, raw[:i])
		}
		for i := range len(raw) + 1 {
			for _, c := range []byte{0, 0xa0, 0xff, raw[max(0, i-1)]} {
				refused("inserted", i, slices.Insert(bytes.Clone(raw), i, c))
			}
		}
		for _, class := range []error{ErrFormat, ErrPlace, ErrSignature} {
			if counts[class] == 0 {
				t.Errorf("no change was refused with %q", class)
			}
		}
		t.Logf("%d bytes: format %d, place %d, signature %d", len(raw), counts[ErrFormat], counts[ErrPlace], counts[ErrSignature])
	}
}

// forms are payloads of the same content in other forms, each made from the fields of a full header and validly signed.
func forms(t testing.TB) map[string][]byte {
	t.Helper()
	h := fullHeader(t)
	payload := payloadOf(t, h)
	at := func(number byte) int {
		for i, f := range fields(t, payload) {
			if len(f.key) == 1 && f.key[0] == number {
				return i
			}
		}
		t.Fatalf("no field %d", number)
		return 0
	}
	with := func(number byte, value ...byte) []byte {
		fs := fields(t, payload)
		fs[at(number)].value = value
		return joined(fs)
	}
	without := func(numbers ...byte) []field {
		fs := fields(t, payload)
		return slices.DeleteFunc(fs, func(f field) bool { return bytes.ContainsAny(f.key, string(numbers)) && len(f.key) == 1 })
	}
	insert := func(i int, key []byte, value ...byte) []byte { // in place of field i
		fs := fields(t, payload)
		fs[i] = field{key, value}
		return joined(fs)
	}
	terms := func(s string) []byte {
		b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		return with(17, b...)
	}
	zeros := append([]byte{0x58, 32}, make([]byte, 32)...)
	plain := payloadOf(t, plainHeader())
	add := func(number byte, value ...byte) []byte { // a field that the plain header leaves out, at its place
		fs := fields(t, plain)
		i, _ := slices.BinarySearchFunc(fs, number, func(f field, n byte) int { return int(f.key[0]) - int(n) })
		return joined(slices.Insert(fs, i, field{[]byte{number}, value}))
	}
	swap := func() []byte {
		fs := fields(t, payload)
		fs[2], fs[3] = fs[3], fs[2]
		return joined(fs)
	}
	deep := strings.Repeat("81", 60_000/2)
	items := func(n int) []byte {
		return with(17, append([]byte{0xa1, 1, 0x99, byte(n >> 8), byte(n)}, make([]byte, n)...)...)
	}
	// What the edits below start from is accepted, and so is a good value through each of them.
	for _, good := range [][]byte{payload, plain, with(1, 1), with(16, 0x82, 1, 2), add(14, 0x61, 'a'), terms("a0"), terms("a2 61 62 01 62 6161 f6"),
		items(MaxItems), terms("a1 01 " + strings.Repeat("81", 7) + " 01"), with(21, 0x81, 0xa5, 1, 0x61, 'a', 2, 0, 3, 0x32, 4, 1, 5, 0x40),
		with(18, append([]byte{0xa1, 0x62, 'U', 'S', 0xa2, 1, 1, 2}, zeros...)...), with(19, partsOf(t, "a", "b")...), with(19, editPart(t, func(*PartRef) {})...)} {
		if _, err := Stored(forge(protectedOf(public(fixedKey(1))), []byte{0xa0}, good)); err != nil {
			t.Fatalf("%x: %v", good, err)
		}
	}
	return map[string][]byte{
		"format as a two-byte integer":       with(1, 0x18, 0x01),
		"format as an eight-byte integer":    with(1, 0x1b, 0, 0, 0, 0, 0, 0, 0, 1),
		"another format":                     with(1, 0x02),
		"format zero":                        with(1, 0x00),
		"format as a float":                  with(1, 0xf9, 0x3c, 0x00),
		"format as text":                     with(1, 0x61, '1'),
		"time as a float":                    with(11, 0xfb, 0x41, 0xda, 0xac, 0x40, 0x80, 0, 0, 0),
		"time tagged":                        with(11, 0xc1, 0x1a, 0x6a, 0xb1, 0x3b, 0x80),
		"time before 1970":                   with(11, 0x20),
		"time zero":                          with(11, 0x00),
		"time past the year 9999":            with(11, 0x1b, 0, 0, 0, 0x3a, 0xff, 0xf4, 0x41, 0x80),
		"index as a big number":              with(4, 0xc2, 0x41, 0x01),
		"index past its bound":               with(4, 0x1b, 0x40, 0, 0, 0, 0, 0, 0, 1),
		"negative index":                     with(4, 0x20),
		"indefinite map":                     append(append([]byte{0xbf}, joined(fields(t, payload))[1:]...), 0xff),
		"indefinite text":                    with(14, 0x7f, 0x61, 'a', 0xff),
		"indefinite area":                    with(16, 0x9f, 0x01, 0xff),
		"long length of text":                with(14, 0x78, 0x01, 'a'),
		"long count of the map":              append([]byte{0xb8, 21}, joined(fields(t, payload))[1:]...),
		"unsorted fields":                    swap(),
		"a doubled field":                    insert(3, []byte{3}, fields(t, payload)[2].value...),
		"an unknown field":                   joined(append(fields(t, payload), field{[]byte{0x18, 99}, []byte{1}})),
		"a text key":                         joined(append(fields(t, payload), field{[]byte{0x61, 'x'}, []byte{1}})),
		"one field too few for the count":    payload[:len(payload)-len(fields(t, payload)[20].value)],
		"bytes after the map":                append(bytes.Clone(payload), 0xa0),
		"no group":                           joined(without(2)),
		"no nonce":                           joined(without(20)),
		"no charter":                         joined(without(10)),
		"a short group":                      with(2, 0x41, 1),
		"group as an array of integers":      with(2, append([]byte{0x98, 32}, make([]byte, 32)...)...),
		"group null":                         with(2, 0xf6),
		"a long nonce":                       with(20, append([]byte{17 | 0x40}, make([]byte, 17)...)...),
		"explicit zero instrument":           add(7, zeros...),
		"explicit zero until":                add(12, 0x00),
		"explicit empty participants":        add(13, 0x80),
		"explicit null participants":         add(13, 0xf6),
		"explicit empty line":                add(14, 0x60),
		"explicit empty area":                add(16, 0x80),
		"explicit null terms":                add(17, 0xf6),
		"explicit empty seen":                add(18, 0xa0),
		"explicit null seen":                 add(18, 0xf6),
		"explicit empty parts":               add(19, 0x80),
		"explicit empty approvals":           add(21, 0x80),
		"a lower-case party":                 with(3, 0x62, 'm', 'x'),
		"an unknown verb":                    with(6, 0x63, 'n', 'o', 'd'),
		"a kind that climbs":                 with(5, 0x66, 'a', '/', '.', '.', '/', 'b'),
		"text that is not UTF-8":             with(15, 0x61, 0xff),
		"nature with a control character":    with(15, 0x61, 0x1b),
		"participants that descend":          with(13, 0x82, 0x62, 'U', 'S', 0x62, 'M', 'X'),
		"participants doubled":               with(13, 0x82, 0x62, 'M', 'X', 0x62, 'M', 'X'),
		"area that descends":                 with(16, 0x82, 2, 1),
		"area doubled":                       with(16, 0x82, 1, 1),
		"seen of the author":                 with(18, append([]byte{0xa1, 0x62, 'M', 'X', 0xa2, 1, 1, 2}, zeros...)...),
		"seen of size zero":                  with(18, append([]byte{0xa1, 0x62, 'U', 'S', 0xa2, 1, 0, 2}, zeros...)...),
		"seen doubled":                       with(18, append(append([]byte{0xa2, 0x62, 'U', 'S', 0xa2, 1, 1, 2}, zeros...), append([]byte{0x62, 'U', 'S', 0xa2, 1, 1, 2}, zeros...)...)...),
		"an approval with a null signature":  with(21, 0x81, 0xa5, 1, 0x61, 'a', 2, 0, 3, 0x32, 4, 1, 5, 0xf6),
		"an approval of a null evidence":     with(21, 0x81, 0xa6, 1, 0x61, 'a', 2, 0, 3, 0x32, 4, 1, 5, 0x40, 6, 0x81, 0xf6),
		"a null approval":                    with(21, 0x81, 0xf6),
		"an approval of seat 1001":           with(21, 0x81, 0xa5, 1, 0x61, 'a', 2, 0x19, 0x03, 0xe9, 3, 0x32, 4, 1, 5, 0x40),
		"more items than any list may have":  with(21, append([]byte{0x99, 0xea, 0x60}, bytes.Repeat([]byte{0xf6}, 60_000)...)...),
		"a list that declares 2^63 items":    with(16, 0x9b, 0x80, 0, 0, 0, 0, 0, 0, 0),
		"a string that declares 2^64-1":      with(14, 0x7b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
		"terms with a half float":            terms("a1 01 f9 3c00"),
		"terms with a float deep inside":     terms("a1 01 82 01 a1 01 fb 3ff0000000000000"),
		"terms with a float as key":          terms("a1 f9 3c00 01"),
		"terms with a tag":                   terms("a1 01 c1 01"),
		"terms with undefined":               terms("a1 01 f7"),
		"terms with a simple value":          terms("a1 01 e0"),
		"terms with a long integer":          terms("a1 01 18 05"),
		"terms with a long count":            terms("b8 01 01 05"),
		"terms with unsorted keys":           terms("a2 02 01 01 01"),
		"terms with doubled keys":            terms("a2 01 01 01 02"),
		"terms sorted by text not bytes":     terms("a2 62 6161 01 61 62 01"),
		"terms with an indefinite array":     terms("a1 01 9f ff"),
		"terms with broken UTF-8":            terms("a1 01 61 ff"),
		"terms with an array for a key":      terms("a1 80 01"),
		"terms with an integer under -2^63":  terms("a1 01 3b 8000000000000000"),
		"terms that are an array":            terms("81 01"),
		"terms nested nine deep":             terms("a1 01 " + strings.Repeat("81", 8) + " 01"),
		"terms of a list too long":           items(MaxItems + 1),
		"terms nested as deep as they are":   terms("a1 01 " + deep + " 01"),
		"the whole payload nested":           append(bytes.Repeat([]byte{0x81}, 60_000), 0x01),
		"an empty payload":                   {},
		"a payload that is null":             {0xf6},
		"a payload that is a text":           {0x61, 'x'},
		"an array in the place of the map":   {0x80},
		"parts that descend":                 with(19, partsOf(t, "b", "a")...),
		"parts doubled":                      with(19, partsOf(t, "a", "a")...),
		"a rows part without a root":         with(19, partsOf(t, RowsPart)...),
		"a part that is no rows with a root": with(19, editPart(t, func(p *PartRef) { p.Name = "a" })...),
		"a part that counts rows it has not": with(19, editPart(t, func(p *PartRef) { p.Name, p.Root = "a", ID{} })...),
		"a rows part of no rows":             with(19, editPart(t, func(p *PartRef) { p.Rows = 0 })...),
		"a part past the largest":            with(19, editPart(t, func(p *PartRef) { p.Length = MaxPart + 1 })...),
		"an unknown TLP level":               with(19, editPart(t, func(p *PartRef) { p.Marking.TLP = "WHITE" })...),
		"recipients that descend":            with(19, editPart(t, func(p *PartRef) { p.Marking.ReleasableTo = []Party{"US", "MX"} })...),
		"a recipient that is no party":       with(19, editPart(t, func(p *PartRef) { p.Marking.ReleasableTo = []Party{"us"} })...),
		"no originator":                      with(19, editPart(t, func(p *PartRef) { p.Marking.Originator = "" })...),
		"a national marking of two lines":    with(19, editPart(t, func(p *PartRef) { p.Marking.National = "a\nb" })...),
		"an office without its party":        with(19, editPart(t, func(p *PartRef) { p.Marking.Offices = []string{"legal"} })...),
	}
}

func partsOf(t testing.TB, names ...string) []byte {
	t.Helper()
	var refs []PartRef
	for _, n := range names {
		refs = append(refs, PartRef{Name: n, Marking: Marking{TLP: Clear, Originator: "MX"}})
	}
	return mustMarshal(t, refs)
}

func editPart(t testing.TB, edit func(*PartRef)) []byte {
	t.Helper()
	p := fullHeader(t).Parts[1]
	edit(&p)
	return mustMarshal(t, []PartRef{p})
}

func mustMarshal(t testing.TB, v any) []byte {
	t.Helper()
	b, err := Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func payloadOf(t testing.TB, h Header) []byte {
	t.Helper()
	h.Format = Format
	return mustMarshal(t, &h)
}

// envelopes are records whose payload is in its one form and whose envelope is not.
func envelopes(t testing.TB) map[string][]byte {
	t.Helper()
	payload, prot := payloadOf(t, plainHeader()), protectedOf(public(fixedKey(1)))
	good := forge(prot, []byte{0xa0}, payload)
	sig := good[len(good)-64:]
	hdr := func(s string) []byte {
		kid := KeyIDOf(public(fixedKey(1)))
		s = strings.NewReplacer(" ", "", "CT", "781f"+hex.EncodeToString([]byte(ContentType)), "KID", "50"+kid.String()).Replace(s)
		b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		return forge(b, []byte{0xa0}, payload)
	}
	if !bytes.Equal(hdr("a3 01 32 03 CT 04 KID"), good) {
		t.Fatal("the headers below are not wrong for the reason they name alone")
	}
	part := func(parts ...[]byte) []byte { return slices.Concat(parts...) }
	bstr := func(b []byte) []byte { return appendString(nil, majorBytes, b) }
	return map[string][]byte{
		"empty":                              {},
		"the tag alone":                      {0xd2},
		"no tag":                             good[1:],
		"a long tag":                         part([]byte{0xd8, 18}, good[1:]),
		"two tags":                           part([]byte{0xd9, 0xd9, 0xf7}, good),
		"the tag of COSE_Sign":               part([]byte{0xd8, 98}, good[1:]),
		"trailing byte":                      part(good, []byte{0}),
		"itself twice":                       part(good, good),
		"an array of five":                   part([]byte{0xd2, 0x85}, good[2:], []byte{0xf6}),
		"an array of three":                  part([]byte{0xd2, 0x83}, good[2:len(good)-66]),
		"an indefinite array":                part([]byte{0xd2, 0x9f}, good[2:], []byte{0xff}),
		"a long array":                       part([]byte{0xd2, 0x98, 4}, good[2:]),
		"unprotected with a note":            forge(prot, []byte{0xa1, 0x18, 99, 0x01}, payload),
		"unprotected with a key id":          forge(prot, []byte{0xa1, 0x04, 0x41, 1}, payload),
		"unprotected null":                   forge(prot, []byte{0xf6}, payload),
		"unprotected an array":               forge(prot, []byte{0x80}, payload),
		"unprotected an empty string":        forge(prot, []byte{0x40}, payload),
		"unprotected an indefinite map":      forge(prot, []byte{0xbf, 0xff}, payload),
		"unprotected a long map":             forge(prot, []byte{0xb8, 0}, payload),
		"payload detached":                   part([]byte{0xd2, 0x84}, bstr(prot), []byte{0xa0, 0xf6}, bstr(sig)),
		"payload as text":                    part([]byte{0xd2, 0x84}, bstr(prot), []byte{0xa0}, appendString(nil, majorText, payload), bstr(sig)),
		"payload in pieces":                  part([]byte{0xd2, 0x84}, bstr(prot), []byte{0xa0, 0x5f}, bstr(payload), []byte{0xff}, bstr(sig)),
		"payload of a long length":           part([]byte{0xd2, 0x84}, bstr(prot), []byte{0xa0, 0x5a, 0, 0, 0, byte(len(payload))}, payload, bstr(sig)),
		"payload past the end":               part([]byte{0xd2, 0x84}, bstr(prot), []byte{0xa0, 0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, payload, bstr(sig)),
		"protected header not wrapped":       part([]byte{0xd2, 0x84}, prot, []byte{0xa0}, bstr(payload), bstr(sig)),
		"protected header empty":             forge(nil, []byte{0xa0}, payload),
		"protected header an empty map":      forge([]byte{0xa0}, []byte{0xa0}, payload),
		"signature of 63 bytes":              part([]byte{0xd2, 0x84}, bstr(prot), []byte{0xa0}, bstr(payload), bstr(sig[:63])),
		"signature of 65 bytes":              part([]byte{0xd2, 0x84}, bstr(prot), []byte{0xa0}, bstr(payload), bstr(append(bytes.Clone(sig), 0))),
		"signature null":                     part([]byte{0xd2, 0x84}, bstr(prot), []byte{0xa0}, bstr(payload), []byte{0xf6}),
		"signature of a long length":         part([]byte{0xd2, 0x84}, bstr(prot), []byte{0xa0}, bstr(payload), []byte{0x59, 0, 64}, sig),
		"algorithm EdDSA (-8)":               hdr("a3 01 27 03 CT 04 KID"),
		"algorithm ES256 (-7)":               hdr("a3 01 26 03 CT 04 KID"),
		"algorithm as text":                  hdr("a3 01 67 45643235353139 03 CT 04 KID"),
		"algorithm in a long form":           hdr("a3 01 38 12 03 CT 04 KID"),
		"no algorithm":                       hdr("a2 03 CT 04 KID"),
		"no content type":                    hdr("a2 01 32 04 KID"),
		"another content type":               hdr("a3 01 32 03 70 6170706c69636174696f6e2f63626f72 04 KID"),
		"content type as a number":           hdr("a3 01 32 03 18 3c 04 KID"),
		"no key id":                          hdr("a2 01 32 03 CT"),
		"a short key id":                     hdr("a3 01 32 03 CT 04 41 01"),
		"a critical header":                  hdr("a4 01 32 02 81 04 03 CT 04 KID"),
		"an unsorted protected header":       hdr("a3 03 CT 01 32 04 KID"),
		"a protected header with one more":   hdr("a4 01 32 03 CT 04 KID 05 41 00"),
		"a protected header with a tail":     hdr("a3 01 32 03 CT 04 KID 00"),
		"a protected header with a long map": hdr("b8 03 01 32 03 CT 04 KID"),
	}
}

func TestOtherFormsAreRefused(t *testing.T) {
	prot := protectedOf(public(fixedKey(1)))
	all := envelopes(t)
	for name, payload := range forms(t) {
		all[name] = forge(prot, []byte{0xa0}, payload)
	}
	for name, raw := range all {
		t.Run(name, func(t *testing.T) {
			asked := false
			r, err := Verify(raw, Place{fixedID("group"), "MX", 812}, func(*Header, KeyID) ed25519.PublicKey { asked = true; return public(fixedKey(1)) })
			if !errors.Is(err, ErrFormat) || r != nil || asked {
				t.Fatalf("record %v, error %v, key asked for: %v", r, err, asked)
			}
			if len(err.Error()) > 400 {
				t.Errorf("the error quotes %d bytes", len(err.Error()))
			}
			if _, _, err := Peek(raw); !errors.Is(err, ErrFormat) {
				t.Errorf("Peek: %v", err)
			}
			if _, err := Stored(raw); !errors.Is(err, ErrFormat) {
				t.Errorf("Stored: %v", err)
			}
		})
	}
	// The forge itself is sound: with nothing wrong it makes what Seal makes.
	h := fullHeader(t)
	if !bytes.Equal(forge(prot, []byte{0xa0}, payloadOf(t, h)), mustSeal(t, h).Bytes()) {
		t.Error("forge and Seal differ")
	}
}

// TestErrorsQuoteLittle: a doubled key of 50 kB must not come back in the error.
func TestErrorsQuoteLittle(t *testing.T) {
	key := appendString(nil, majorText, strings.Repeat("x", 20_000))
	mark := append([]byte{0xa2, 1, 1, 2, 0x58, 32}, make([]byte, 32)...)
	seen := slices.Concat([]byte{0xa2}, key, mark, key, mark)
	fs := fields(t, payloadOf(t, plainHeader()))
	fs = slices.Insert(fs, len(fs)-1, field{[]byte{18}, seen})
	_, err := Stored(forge(protectedOf(public(fixedKey(1))), []byte{0xa0}, joined(fs)))
	if !errors.Is(err, ErrFormat) || len(err.Error()) > 400 {
		t.Errorf("%.500v", err)
	}
}

func TestPlace(t *testing.T) {
	h := fullHeader(t)
	raw, at := mustSeal(t, h).Bytes(), placeOf(&h)
	for name, edit := range map[string]func(*Place){
		"another group": func(p *Place) { p.Group[31] ^= 1 },
		"another party": func(p *Place) { p.Party = "US" },
		"next index":    func(p *Place) { p.Index++ },
	} {
		wrong := at
		edit(&wrong)
		_, err := Verify(raw, wrong, func(*Header, KeyID) ed25519.PublicKey { t.Error("asked for a key before the place"); return nil })
		if !errors.Is(err, ErrPlace) || errors.Is(err, ErrFormat) || errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKeys(t *testing.T) {
	h := fullHeader(t)
	raw := mustSeal(t, h).Bytes()
	for name, pub := range map[string][]byte{"none": nil, "short": make([]byte, 31), "long": make([]byte, 33), "another": public(fixedKey(2))} {
		if _, err := Verify(raw, placeOf(&h), keysOf(pub)); !errors.Is(err, ErrSignature) || errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Seal(h, nil); err == nil {
		t.Error("sealed without a key")
	}
}

func TestSealRefuses(t *testing.T) {
	text := strings.Repeat("x", MaxName+1)
	for name, edit := range map[string]func(*Header){
		"too large in all": func(h *Header) {
			h.Terms = mustMarshal(t, map[uint64][]byte{1: make([]byte, 39<<10)})
			h.Approvals = slices.Repeat([]Approval{{Office: "a", Time: 1, Signature: make([]byte, MaxSignature)}}, 8)
		},
		"terms too large":      func(h *Header) { h.Terms = mustMarshal(t, map[uint64][]byte{1: make([]byte, MaxTerms)}) },
		"terms of two items":   func(h *Header) { h.Terms = Terms{0xa0, 0xa0} },
		"terms of a long list": func(h *Header) { h.Terms = mustMarshal(t, map[uint64][]uint64{1: make([]uint64, MaxItems+1)}) },
		"terms nested deep": func(h *Header) {
			h.Terms = slices.Concat([]byte{0xa1, 1}, bytes.Repeat([]byte{0x81}, MaxDepth), []byte{1})
		},
		"terms cut short":      func(h *Header) { h.Terms = Terms{0xa1, 0x01} },
		"party":                func(h *Header) { h.Party = "Mx" },
		"a party too long":     func(h *Header) { h.Party = "ABCDEFGHI" },
		"kind":                 func(h *Header) { h.Kind = "" },
		"kind too long":        func(h *Header) { h.Kind = text },
		"line":                 func(h *Header) { h.Line = "-a" },
		"nature not UTF-8":     func(h *Header) { h.Nature = "\xff" },
		"nature too long":      func(h *Header) { h.Nature = Nature(text) },
		"verb":                 func(h *Header) { h.Verb = "" },
		"time":                 func(h *Header) { h.Time = 0 },
		"until":                func(h *Header) { h.Until = -1 },
		"too many cells":       func(h *Header) { h.Area = make([]uint64, MaxArea+1) },
		"too many parts":       func(h *Header) { h.Parts = make([]PartRef, MaxParts+1) },
		"too many approvals":   func(h *Header) { h.Approvals = make([]Approval, MaxApprovals+1) },
		"too many parties":     func(h *Header) { h.Participants = make([]Party, MaxParties+1) },
		"participant":          func(h *Header) { h.Participants = []Party{"*"} },
		"handling not UTF-8":   func(h *Header) { h.Parts[0].Marking.Handling = "\xff" },
		"evidence too long":    func(h *Header) { h.Approvals[0].Evidence = [][]byte{make([]byte, MaxEvidence+1)} },
		"evidence in pieces":   func(h *Header) { h.Approvals[0].Evidence = make([][]byte, MaxEvidenceItems+1) },
		"approval's office":    func(h *Header) { h.Approvals[0].Office = "Root" },
		"approval's time":      func(h *Header) { h.Approvals[0].Time = 0 },
		"approval's signature": func(h *Header) { h.Approvals[0].Signature = make([]byte, MaxSignature+1) },
	} {
		h := fullHeader(t)
		edit(&h)
		if _, err := Seal(h, fixedKey(1)); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Stored(make([]byte, MaxHeader+1)); !errors.Is(err, ErrFormat) {
		t.Errorf("an oversized record: %v", err)
	}
}

// TestBoundsAreReached: what is exactly at the bounds seals and verifies, so the bounds are where limits.go says.
func TestBoundsAreReached(t *testing.T) {
	h := fullHeader(t)
	deep := slices.Concat([]byte{0xa1, 1}, bytes.Repeat([]byte{0x81}, MaxDepth-1), []byte{1})
	h.Terms, h.Kind, h.Index, h.Time = deep, strings.Repeat("x", MaxName), MaxIndex, MaxTime
	h.Area = nil
	for i := range MaxArea {
		h.Area = append(h.Area, uint64(i))
	}
	h.Approvals = slices.Repeat(h.Approvals, MaxApprovals)
	if _, err := Verify(mustSeal(t, h).Bytes(), placeOf(&h), keysOf(public(fixedKey(1)))); err != nil {
		t.Error(err)
	}
	h.Terms = mustMarshal(t, map[uint64][]byte{1: make([]byte, MaxTerms-5)})
	if len(h.Terms) != MaxTerms {
		t.Fatalf("terms of %d bytes", len(h.Terms))
	}
	if _, err := Verify(mustSeal(t, h).Bytes(), placeOf(&h), keysOf(public(fixedKey(1)))); err != nil {
		t.Error(err)
	}
	h = plainHeader()
	large := Approval{Office: "a", Time: 1, Signature: make([]byte, MaxSignature)}
	last := Approval{Office: "a", Time: 1, Signature: make([]byte, 1000)}
	h.Approvals = append(slices.Repeat([]Approval{large}, MaxApprovals-1), last)
	fill := 1000 + MaxHeader - len(mustSeal(t, h).Bytes())
	h.Approvals[MaxApprovals-1].Signature = make([]byte, fill)
	r := mustSeal(t, h)
	if _, err := Verify(r.Bytes(), placeOf(&h), keysOf(public(fixedKey(1)))); err != nil || len(r.Bytes()) != MaxHeader {
		t.Errorf("a header of %d bytes: %v", len(r.Bytes()), err)
	}
	h.Approvals[MaxApprovals-1].Signature = make([]byte, fill+1)
	if _, err := Seal(h, fixedKey(1)); !errors.Is(err, ErrFormat) {
		t.Errorf("one byte more: %v", err)
	}
}

func TestKnows(t *testing.T) {
	h := Header{Party: "MX", Index: 3, Seen: Seen{"US": {Size: 2}}}
	for ref, want := range map[Ref]bool{{"MX", 2}: true, {"MX", 3}: false, {"US", 1}: true, {"US", 2}: false, {"CA", 0}: false} {
		if h.Knows(ref) != want {
			t.Errorf("knows %s: %v", ref, !want)
		}
	}
	if got := fmt.Sprint(Seen{"US": {}, "CAN": {}, "MX": {}}.Parties()); got != "[CAN MX US]" {
		t.Error(got)
	}
}

func TestIDText(t *testing.T) {
	id := fixedID("x")
	for _, v := range []ID{id, {}} {
		b, err := json.Marshal(v)
		var back ID
		if err != nil || json.Unmarshal(b, &back) != nil || back != v {
			t.Errorf("%s: %v", b, err)
		}
	}
	for _, bad := range []string{"", "0", strings.ToUpper(id.String()), id.String() + "0", "g" + id.String()[1:]} {
		if _, err := ParseID(bad); err == nil {
			t.Errorf("%q is an id", bad)
		}
	}
	n := Nonce{1, 0xff}
	b, _ := n.MarshalText()
	var back Nonce
	if err := back.UnmarshalText(b); err != nil || back != n {
		t.Errorf("%s: %v", b, err)
	}
	if back.UnmarshalText(b[1:]) == nil {
		t.Error("a short nonce was read")
	}
}

func TestNames(t *testing.T) {
	for s, want := range map[string]bool{"a": true, "body.es-mx": true, "annex/2": true, "": false, "-a": false, "a-": false, "A": false, "a b": false,
		"../a": false, "a/../b": false, "a//b": false, "a./b": false, "a\x00b": false, "ñ": false, strings.Repeat("a", 64): true, strings.Repeat("a", 65): false} {
		if ValidName(s) != want {
			t.Errorf("%q: %v", s, !want)
		}
	}
}
