package record

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"entente/record/authenticator"
)

const (
	authHost = "entente.example.org"
	authTime = 1_790_000_000
)

// chromium is an assertion of Chromium 142 with its virtual authenticator (CTAP 2, user verified) on http://localhost:45493,
// for the act of the vectors, office line-lead, seat 3. Chromium adds a member at times so that nobody compares with a template.
var chromium = struct{ spki, authData, clientData, sig string }{
	"3059301306072a8648ce3d020106082a8648ce3d0301070342000450bd04911abea36afe2ab7c66510688a50b846a961d4715926ec68cd22d81b890d2d52e9dfd7647cb989738b10686e0e57b7a22f213e2c8cf28d9b5b27e2d171",
	"49960de5880e8c687434170f6476605b8fe4aeb9a28632c7995cf3ba831d97630500000002",
	`{"type":"webauthn.get","challenge":"QVsGZD0nS4sPCQdEM9iZNGKzewM7f6Wduoikqm8cUok","origin":"http://localhost:45493","crossOrigin":false,"other_keys_can_be_added_here":"do not compare clientDataJSON against a template. See https://goo.gl/yabPex"}`,
	"304302204a2324931aab0320d0921a382c23bcb9930c6abbbb1a681a76e2e83811de4bf0021f75907342e6cf3b0a41c47abe03ed6665a93552a3bbde071c2ca208845a61e4",
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// assertion is one approval by WebAuthn and whether it counts.
type assertion struct {
	name  string
	valid bool
	key   []byte
	alg   Alg
	a     Approval
}

// assertions draws every rule of doc/record.md section 6: what is signed well counts or is refused for what it says.
func assertions(t testing.TB) (act ID, all []assertion) {
	t.Helper()
	h := fullHeader(t)
	h.Approvals = nil
	act, err := Act(&h)
	if err != nil {
		t.Fatal(err)
	}
	k := authenticator.New("official", authHost)
	challenge := Challenge(act, "MX", "line-lead", 3, authTime)
	ch := base64.RawURLEncoding.EncodeToString(challenge[:])
	add := func(name string, valid bool, key, data, client, sig []byte) {
		all = append(all, assertion{name, valid, key, WebAuthn,
			Approval{Office: "line-lead", Seat: 3, Alg: WebAuthn, Time: authTime, Signature: sig, Evidence: [][]byte{data, client}}})
	}
	good := k.Data(authenticator.UserPresent|authenticator.UserVerified, 1)
	signed := func(name string, valid bool, data []byte, client string) {
		add(name, valid, k.Public(), data, []byte(client), k.SignData(data, []byte(client)))
	}
	says := func(valid bool, name, client string) { signed(name, valid, good, client) }
	plain := `{"type":"webauthn.get","challenge":"` + ch + `","origin":"https://` + authHost + `","crossOrigin":false}`

	// What browsers send.
	spki := unhex(chromium.spki)
	local, err := WebAuthnKey(spki[len(spki)-64:len(spki)-32], spki[len(spki)-32:], "localhost")
	if err != nil {
		t.Fatal(err)
	}
	add("of a browser, on the machine itself", true, local, unhex(chromium.authData), []byte(chromium.clientData), unhex(chromium.sig))
	says(true, "as a browser writes it", plain)
	says(true, "no crossOrigin", `{"type":"webauthn.get","challenge":"`+ch+`","origin":"https://`+authHost+`"}`)
	says(true, "another order, another member", `{"challenge":"`+ch+`","clientExtensions":{},"hashAlgorithm":"SHA-256","origin":"https://`+authHost+`","type":"webauthn.get"}`)
	says(true, "slashes escaped", strings.ReplaceAll(plain, "//", `\/\/`))
	says(true, "white space", " \n"+strings.ReplaceAll(plain, ":\"", " :\t\"")+"\r\n")
	says(true, "a port", strings.Replace(plain, authHost, authHost+":8443", 1))
	says(true, "four levels", plain[:len(plain)-1]+`,"x":[{"y":[1e999]}]}`)
	says(true, "a name in capitals beside", plain[:len(plain)-1]+`,"Type":"webauthn.create","crossorigin":true}`)
	signed("counter zero", true, k.Data(authenticator.UserPresent|authenticator.UserVerified, 0), plain)
	signed("a credential that is backed up, reserved flags", true, k.Data(authenticator.UserPresent|authenticator.UserVerified|0x3a, 1), plain)
	sig := k.SignData(good, []byte(plain))
	add("s on the other side", true, k.Public(), good, []byte(plain), der(t, sig, func(r, s *big.Int) (*big.Int, *big.Int) { return r, new(big.Int).Sub(order, s) }))

	// Authenticator data.
	signed("nobody was there", false, k.Data(authenticator.UserVerified, 1), plain)
	signed("the person was not verified", false, k.Data(authenticator.UserPresent, 1), plain)
	signed("says that it attests a credential", false, k.Data(authenticator.UserPresent|authenticator.UserVerified|authenticator.Attested, 1), plain)
	signed("says that extensions follow", false, k.Data(authenticator.UserPresent|authenticator.UserVerified|authenticator.Extensions, 1), plain)
	signed("an extension follows", false, append(k.Data(authenticator.UserPresent|authenticator.UserVerified|authenticator.Extensions, 1), 0xa1, 0x61, 0x78, 0xf5), plain)
	signed("something follows that no flag declares", false, append(slices.Clone(good), 0xa0), plain)
	signed("authenticator data cut", false, good[:36], plain)
	signed("authenticator data of another host", false, authenticator.New("x", "other.example.org").Data(5, 1), plain)

	// Client data.
	for name, origin := range map[string]string{
		"another host": "https://other.example.org", "a page of a host below": "https://a." + authHost, "a page of the host above": "https://example.org",
		"not encrypted": "http://" + authHost, "a path": "https://" + authHost + "/", "capitals": "HTTPS://" + authHost, "a user": "https://" + authHost + "@other.example.org",
		"an empty port": "https://" + authHost + ":", "a port that is none": "https://" + authHost + ":80a", "a long port": "https://" + authHost + ":000443",
		"two ports": "https://" + authHost + ":1:2", "a dot behind": "https://" + authHost + ".", "an app": "android:apk-key-hash:abc", "no origin": "", "its digest": "https://",
	} {
		says(false, "origin: "+name, strings.Replace(plain, "https://"+authHost, origin, 1))
	}
	for name, client := range map[string]string{
		"a registration":                     strings.Replace(plain, "webauthn.get", "webauthn.create", 1),
		"a payment":                          strings.Replace(plain, "webauthn.get", "payment.get", 1),
		"no type":                            strings.Replace(plain, `"type":"webauthn.get",`, "", 1),
		"a type that is no text":             strings.Replace(plain, `"webauthn.get"`, `["webauthn.get"]`, 1),
		"no challenge":                       strings.Replace(plain, `"challenge":"`+ch+`",`, "", 1),
		"another challenge":                  strings.Replace(plain, ch, strings.Repeat("A", 43), 1),
		"the challenge with padding":         strings.Replace(plain, ch, ch+"=", 1),
		"the challenge in hex":               strings.Replace(plain, ch, hex.EncodeToString(challenge[:]), 1),
		"loose bits in the challenge":        strings.Replace(plain, ch, ch[:42]+string(ch[42]+1), 1),
		"no origin at all":                   strings.Replace(plain, `"origin":"https://`+authHost+`",`, "", 1),
		"an origin that is no text":          strings.Replace(plain, `"https://`+authHost+`"`, `{"https://`+authHost+`":1}`, 1),
		"inside another page":                strings.Replace(plain, "false", "true", 1),
		"crossOrigin null":                   strings.Replace(plain, "false", "null", 1),
		"crossOrigin as text":                strings.Replace(plain, "false", `"false"`, 1),
		"crossOrigin zero":                   strings.Replace(plain, "false", "0", 1),
		"a page around it":                   plain[:len(plain)-1] + `,"topOrigin":"https://` + authHost + `"}`,
		"no page around it":                  plain[:len(plain)-1] + `,"topOrigin":null}`,
		"a name twice":                       plain[:len(plain)-1] + `,"type":"webauthn.get"}`,
		"a name twice, once escaped":         plain[:len(plain)-1] + `,"a/b":1,"a\/b":1}`,
		"a name twice further in":            plain[:len(plain)-1] + `,"x":[{"y":1,"y":2}]}`,
		"an escape by number":                strings.Replace(plain, "webauthn", `web\u0061uthn`, 1),
		"the letters of one":                 plain[:len(plain)-1] + `,"x":"\\u"}`,
		"five levels":                        plain[:len(plain)-1] + `,"x":[{"y":[[]]}]}`,
		"broken UTF-8":                       plain[:len(plain)-1] + ",\"x\":\"\xff\"}",
		"a surrogate in UTF-8":               plain[:len(plain)-1] + ",\"x\":\"\xed\xa0\x80\"}",
		"a byte order mark":                  "\ufeff" + plain,
		"something behind":                   plain + "{}",
		"a comma behind":                     plain[:len(plain)-1] + ",}",
		"single quotes":                      strings.ReplaceAll(plain, `"`, "'"),
		"a comment":                          plain + "//",
		"a list":                             "[" + plain + "]",
		"nothing":                            "",
		"null":                               "null",
		"a line break in a text":             plain[:len(plain)-1] + ",\"x\":\"\n\"}",
		"a number with a plus":               plain[:len(plain)-1] + `,"x":+1}`,
		fmt.Sprint(MaxClientData+1, "bytes"): plain + strings.Repeat(" ", MaxClientData+1-len(plain)),
	} {
		says(false, name, client)
	}
	says(true, fmt.Sprint(MaxClientData, " bytes"), plain+strings.Repeat(" ", MaxClientData-len(plain)))

	// Signatures.
	edit := func(f func(r, s *big.Int) (*big.Int, *big.Int)) []byte { return der(t, sig, f) }
	one, zero := big.NewInt(1), big.NewInt(0)
	var rs struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(sig, &rs); err != nil {
		t.Fatal(err)
	}
	raw := append(rs.R.FillBytes(make([]byte, 32)), rs.S.FillBytes(make([]byte, 32))...)
	long := append([]byte{0x30, 0x81}, sig[1:]...)
	padded := slices.Clone(sig)
	padded = slices.Insert(padded, 4, 0)
	padded[1]++
	padded[3]++
	for name, b := range map[string][]byte{
		"none": {}, "r and s as they are": raw, "a length in its long form": long, "a zero before r": padded, "a byte behind": append(slices.Clone(sig), 0),
		"a third number": append(append([]byte{0x30, sig[1] + 3}, sig[2:]...), 2, 1, 1), "of indefinite length": append(append([]byte{0x30, 0x80}, sig[2:]...), 0, 0),
		"r zero": edit(func(_, s *big.Int) (*big.Int, *big.Int) { return zero, s }), "s zero": edit(func(r, _ *big.Int) (*big.Int, *big.Int) { return r, zero }),
		"s and the order":    edit(func(r, s *big.Int) (*big.Int, *big.Int) { return r, new(big.Int).Add(s, order) }),
		"s below zero":       edit(func(r, s *big.Int) (*big.Int, *big.Int) { return r, new(big.Int).Sub(s, order) }),
		"another s":          edit(func(r, s *big.Int) (*big.Int, *big.Int) { return r, new(big.Int).Add(s, one) }),
		"over the statement": k.SignData(nil, Statement(act, "MX", "line-lead", 3, authTime)),
		"of another key":     authenticator.New("another", authHost).SignData(good, []byte(plain)),
	} {
		add("signature: "+name, false, k.Public(), good, []byte(plain), b)
	}

	// Keys.
	pub := k.Public()
	x, y := k.Coordinates()
	for name, b := range map[string][]byte{
		"the point alone": pub[:33], "not compressed": append(append([]byte{4}, x...), y...), "the other half": append([]byte{pub[0] ^ 1}, pub[1:]...),
		"another host": authenticator.New("official", "other.example.org").Public(), "none": {}, "a byte behind": append(slices.Clone(pub), 0),
		"off the curve": offCurve(pub), "infinity": make([]byte, 65),
	} {
		add("key: "+name, false, b, good, []byte(plain), sig)
	}

	// The approval around it.
	change := func(name string, f func(x *assertion)) {
		add(name, false, k.Public(), good, []byte(plain), sig)
		f(&all[len(all)-1])
	}
	change("another office", func(x *assertion) { x.a.Office = "legal" })
	change("another seat", func(x *assertion) { x.a.Seat = 2 })
	change("another time", func(x *assertion) { x.a.Time++ })
	change("another algorithm", func(x *assertion) { x.a.Alg = -7 })
	change("Ed25519 by name", func(x *assertion) { x.a.Alg = Ed25519 })
	change("the seat has an Ed25519 key", func(x *assertion) { x.alg, x.key = Ed25519, public(fixedKey(2)) })
	change("client data first", func(x *assertion) { slices.Reverse(x.a.Evidence) })
	change("one item of evidence", func(x *assertion) { x.a.Evidence = x.a.Evidence[:1] })
	change("three items of evidence", func(x *assertion) { x.a.Evidence = append(x.a.Evidence, []byte{}) })
	change("no evidence", func(x *assertion) { x.a.Evidence = nil })
	slices.SortFunc(all, func(a, b assertion) int { return strings.Compare(a.name, b.name) })
	return act, all
}

var order = elliptic.P256().Params().N

// der takes a signature apart and puts it together again.
func der(t testing.TB, sig []byte, f func(r, s *big.Int) (*big.Int, *big.Int)) []byte {
	t.Helper()
	var x struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(sig, &x); err != nil {
		t.Fatal(err)
	}
	x.R, x.S = f(x.R, x.S)
	b, err := asn1.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func offCurve(pub []byte) []byte {
	b := slices.Clone(pub)
	for CheckKey(WebAuthn, b) == nil {
		b[32]++
	}
	return b
}

func TestWebAuthn(t *testing.T) {
	act, all := assertions(t)
	n := map[bool]int{}
	for _, x := range all {
		n[x.valid]++
		if got := x.a.Verify(act, "MX", x.alg, x.key); got != x.valid {
			t.Errorf("%s: verifies: %v", x.name, got)
		}
		if x.valid && (x.a.Verify(fixedID("x"), "MX", x.alg, x.key) || x.a.Verify(act, "US", x.alg, x.key)) {
			t.Errorf("%s: verifies for another act or party", x.name)
		}
	}
	if n[true] < 13 || n[false] < 80 {
		t.Errorf("%v assertions", n)
	}
}

// One bit of any byte changed, in the signature, the evidence or the key, and it counts no longer.
func TestWebAuthnBits(t *testing.T) {
	act, all := assertions(t)
	i := slices.IndexFunc(all, func(x assertion) bool { return x.name == "of a browser, on the machine itself" })
	x := all[i]
	n := 0
	for _, b := range [][]byte{x.a.Signature, x.a.Evidence[0], x.a.Evidence[1], x.key} {
		for i := range b {
			for bit := range 8 {
				b[i] ^= 1 << bit
				if x.a.Verify(act, "MX", x.alg, x.key) {
					t.Errorf("bit %d of byte %d of %d", bit, i, len(b))
				}
				b[i] ^= 1 << bit
				n++
			}
		}
	}
	if !x.a.Verify(act, "MX", x.alg, x.key) || n < 2000 {
		t.Errorf("%d bits flipped", n)
	}
}

func TestWebAuthnInARecord(t *testing.T) {
	h := fullHeader(t)
	h.Approvals = nil
	act, err := Act(&h)
	if err != nil {
		t.Fatal(err)
	}
	k := authenticator.New("official", authHost)
	a := Approval{Office: "line-lead", Seat: 3, Alg: WebAuthn, Time: authTime}
	data, client, sig := k.Sign(Challenge(act, "MX", a.Office, a.Seat, a.Time))
	a.Evidence, a.Signature = [][]byte{data, client}, sig
	h.Approvals = []Approval{a}
	r, err := Verify(mustSeal(t, h).Bytes(), placeOf(&h), keysOf(public(fixedKey(1))))
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Header().Approvals[0]; !got.Verify(act, "MX", WebAuthn, k.Public()) {
		t.Error("it does not verify as it stands in the record")
	}
	t.Logf("an approval of %d bytes", len(mustMarshal(t, a)))
}

func TestWebAuthnKey(t *testing.T) {
	k := authenticator.New("official", authHost)
	x, y := k.Coordinates()
	if b, err := WebAuthnKey(x, y, authHost); err != nil || !bytes.Equal(b, k.Public()) {
		t.Errorf("%x %v", b, err)
	}
	for name, err := range map[string]error{
		"no host":        second(WebAuthnKey(x, y, "")),
		"the other half": second(WebAuthnKey(x, new(big.Int).Sub(elliptic.P256().Params().P, new(big.Int).SetBytes(y)).FillBytes(make([]byte, 32)), authHost)),
		"short":          second(WebAuthnKey(x[1:], y, authHost)),
		"exchanged":      second(WebAuthnKey(y, x, authHost)),
		"another y":      second(WebAuthnKey(x, append(slices.Clone(y[:30]), y[30]^1, y[31]), authHost)),
	} {
		if (err == nil) != (name == "the other half") { // it is a point too
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, c := range map[string]struct {
		alg Alg
		pub []byte
		ok  bool
	}{
		"Ed25519": {Ed25519, public(fixedKey(2)), true}, "WebAuthn": {WebAuthn, k.Public(), true}, "one for the other": {Ed25519, k.Public(), false},
		"the other for one": {WebAuthn, public(fixedKey(2)), false}, "unknown": {-7, k.Public(), false},
	} {
		if err := CheckKey(c.alg, c.pub); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// FuzzClientData: what is read has one reading, that of a general decoder.
func FuzzClientData(f *testing.F) {
	_, all := assertions(f)
	for _, x := range all {
		if len(x.a.Evidence) == 2 && strings.HasPrefix(string(x.a.Evidence[1]), "{") {
			f.Add(x.a.Evidence[1])
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := readClientData(b)
		if err != nil {
			if m != nil || len(err.Error()) > 200 {
				t.Fatalf("%v %v", m, err)
			}
			return
		}
		var general map[string]any
		d := json.NewDecoder(bytes.NewReader(b))
		d.UseNumber()
		if err := d.Decode(&general); err != nil || !utf8.Valid(b) || len(general) != len(m) {
			t.Fatalf("%q: %v, in general %v (%v)", b, m, general, err)
		}
		for k, v := range general {
			switch v.(type) {
			case map[string]any, []any:
				v = nil
			}
			if got, ok := m[k]; !ok || got != v {
				t.Fatalf("%q: %q is %v, in general %v", b, k, got, v)
			}
		}
	})
}

// FuzzWebAuthn signs whatever it is given and holds the verdict to a second reading of the rules.
func FuzzWebAuthn(f *testing.F) {
	act, all := assertions(f)
	for _, x := range all {
		if len(x.a.Evidence) == 2 {
			f.Add(x.a.Evidence[0], x.a.Evidence[1])
		}
	}
	k := authenticator.New("official", authHost)
	challenge := Challenge(act, "MX", "line-lead", 3, authTime)
	host := sha256.Sum256([]byte(authHost))
	f.Fuzz(func(t *testing.T, data, client []byte) {
		a := Approval{Office: "line-lead", Seat: 3, Alg: WebAuthn, Time: authTime, Evidence: [][]byte{data, client}, Signature: k.SignData(data, client)}
		if !a.Verify(act, "MX", WebAuthn, k.Public()) {
			return
		}
		var names map[string]any
		d := json.NewDecoder(bytes.NewReader(client))
		d.UseNumber()
		if len(data) != 37 || !bytes.Equal(data[:32], host[:]) || data[32]&0xc5 != 5 || len(client) > MaxClientData || d.Decode(&names) != nil {
			t.Fatalf("%x %q", data, client)
		}
		text, _ := names["challenge"].(string)
		got, err := base64.RawURLEncoding.Strict().DecodeString(text)
		origin, _ := names["origin"].(string)
		cross, _ := names["crossOrigin"].(bool)
		if names["type"] != "webauthn.get" || err != nil || !bytes.Equal(got, challenge[:]) || cross || names["topOrigin"] != nil ||
			!strings.HasPrefix(origin+":", "https://"+authHost+":") {
			t.Fatalf("%q", client)
		}
	})
}

// FuzzSignature: a signature that verifies is DER in its one form of two numbers below the order.
func FuzzSignature(f *testing.F) {
	_, all := assertions(f)
	for _, x := range all {
		f.Add(x.a.Signature)
	}
	k := authenticator.New("official", authHost)
	p, err := webAuthnPoint(k.Public())
	if err != nil {
		f.Fatal(err)
	}
	data, client, _ := k.Sign([32]byte{})
	c := sha256.Sum256(client)
	d := sha256.Sum256(append(data, c[:]...))
	f.Fuzz(func(t *testing.T, sig []byte) {
		if !ecdsa.VerifyASN1(p, d[:], sig) {
			return
		}
		if again := der(t, sig, func(r, s *big.Int) (*big.Int, *big.Int) { return r, s }); !bytes.Equal(again, sig) {
			t.Fatalf("%x is written %x", sig, again)
		}
	})
}

func BenchmarkVerifyWebAuthn(b *testing.B) {
	act, all := assertions(b)
	i := slices.IndexFunc(all, func(x assertion) bool { return x.name == "as a browser writes it" })
	for b.Loop() {
		if !all[i].a.Verify(act, "MX", WebAuthn, all[i].key) {
			b.Fatal()
		}
	}
}

// The counter is signed and not judged: a credential that is backed up has none.
func TestWebAuthnCounterIsSigned(t *testing.T) {
	act, _ := assertions(t)
	k := authenticator.New("official", authHost)
	data, client, sig := k.Sign(Challenge(act, "MX", "line-lead", 3, authTime))
	a := Approval{Office: "line-lead", Seat: 3, Alg: WebAuthn, Time: authTime, Evidence: [][]byte{data, client}, Signature: sig}
	binary.BigEndian.PutUint32(data[33:], 7)
	if a.Verify(act, "MX", WebAuthn, k.Public()) {
		t.Error("a counter put in later")
	}
	a.Signature = k.SignData(data, client)
	if !a.Verify(act, "MX", WebAuthn, k.Public()) {
		t.Error("a higher counter")
	}
}
