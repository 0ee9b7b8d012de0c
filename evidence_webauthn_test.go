package entente_test

import (
	"bytes"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"entente"
	"entente/record"
)

// Evidence of what officials signed by WebAuthn, as acting officials, and on paper.

func TestEvidenceOfWebAuthn(t *testing.T) {
	s := newStage(t)
	id := s.write("MX", evAct{kind: "commitment", verb: record.Propose, terms: entente.Commitment{Owner: "US", Verifier: "MX", Due: evStart + 9000}, signers: []string{"desk/2=device2"},
		parts: []record.Part{evPart("body.en", "body"), evPart("title.en", "title")}})
	s.write("MX", evAct{kind: "commitment", verb: record.Consent, instrument: id, version: id, signers: []string{"desk/2=device2"}})
	size, now, nonce := len(s.logs["US"]), s.now, s.nonce
	// consent lets US consent, and says what both verifiers make of it.
	consent := func(what string, a evAct) (v *entente.Verdict) {
		t.Helper()
		s.logs["US"], s.now, s.nonce = s.logs["US"][:size:size], now, nonce
		a.kind, a.verb, a.instrument, a.version = "commitment", record.Consent, id, id
		if a.signers == nil {
			a.signers = []string{"desk/2=device2"}
		}
		s.write("US", a)
		e := s.evidence(id)
		if _, ok := evBoth(t, what, evFile(t, e), s.now); !ok {
			t.Errorf("%s: the file is not valid", what)
		}
		return e.Verify(entente.VerifyOptions{Now: s.now})
	}
	v := consent("well signed", evAct{})
	if v.Standing != entente.PhaseInForce {
		t.Fatalf("signed by WebAuthn on both sides: %s", v.Standing)
	}
	for _, x := range v.Versions[0].Signed {
		if x.Alg != record.WebAuthn || x.Office != "desk" || x.Seat != 2 || x.Acting || x.Paper != nil {
			t.Errorf("%+v", x)
		}
	}

	// One bit of one byte of the assertion, and the consent counts for nothing with either verifier.
	var whole record.Approval
	consent("as it is", evAct{bend: func(a *record.Approval) { whole = *a }})
	flipped, step := 0, 11
	if *everyByte {
		step = 1
	}
	for part, length := range []int{len(whole.Signature), len(whole.Evidence[0]), len(whole.Evidence[1])} {
		for i := 0; i < length; i += step {
			bend := func(a *record.Approval) {
				b := [][]byte{a.Signature, a.Evidence[0], a.Evidence[1]}[part]
				b[i] ^= 1 << (i % 8)
			}
			if v := consent("flipped", evAct{bend: bend}); v.Standing != entente.PhaseProposed {
				t.Errorf("byte %d of %d flipped: %s", i, part, v.Standing)
			}
			flipped++
		}
	}
	t.Logf("%d flips of an assertion of %d, %d and %d bytes", flipped, len(whole.Signature), len(whole.Evidence[0]), len(whole.Evidence[1]))
	if flipped < 20 {
		t.Error("too few")
	}

	// Well signed, and refused or taken for what it says: both verifiers read doc/record.md section 6.
	edit := func(old, new string) func(d, c []byte) ([]byte, []byte) {
		return func(d, c []byte) ([]byte, []byte) {
			if !bytes.Contains(c, []byte(old)) {
				t.Fatalf("%s has no %s", c, old)
			}
			return d, bytes.Replace(c, []byte(old), []byte(new), 1)
		}
	}
	flags := func(f byte) func(d, c []byte) ([]byte, []byte) {
		return func(d, c []byte) ([]byte, []byte) { d[32] = f; return d, c }
	}
	for name, x := range map[string]struct {
		good  bool
		spoil func(d, c []byte) ([]byte, []byte)
	}{
		"no crossOrigin":      {true, edit(`,"crossOrigin":false`, ``)},
		"another member":      {true, edit(`}`, `,"x":{"y":[null,-1.5e3]}}`)},
		"escaped slashes":     {true, edit(`//`, `\/\/`)},
		"white space":         {true, edit(`{`, " {\n")},
		"a port":              {true, edit(`example.org"`, `example.org:8443"`)},
		"a backed up key":     {true, flags(0x1d)},
		"another counter":     {true, func(d, c []byte) ([]byte, []byte) { d[36] = 0; return d, c }},
		"nobody there":        {false, flags(0x04)},
		"nobody verified":     {false, flags(0x01)},
		"attested":            {false, flags(0x45)},
		"extensions":          {false, func(d, c []byte) ([]byte, []byte) { d[32] |= 0x80; return append(d, 0xa0), c }},
		"trailing":            {false, func(d, c []byte) ([]byte, []byte) { return append(d, 0), c }},
		"short":               {false, func(d, c []byte) ([]byte, []byte) { return d[:36], c }},
		"another host signed": {false, func(d, c []byte) ([]byte, []byte) { d[0] ^= 1; return d, c }},
		"a page below":        {false, edit(`https://`, `https://a.`)},
		"a page above":        {false, edit(`https://node.`, `https://`)},
		"not encrypted":       {false, edit(`https`, `http`)},
		"registration":        {false, edit(`webauthn.get`, `webauthn.create`)},
		"in another page":     {false, edit(`false`, `true`)},
		"crossOrigin null":    {false, edit(`false`, `null`)},
		"topOrigin":           {false, edit(`}`, `,"topOrigin":"https://node.us.example.org"}`)},
		"a name twice":        {false, edit(`}`, `,"type":"webauthn.get"}`)},
		"twice further in":    {false, edit(`}`, `,"x":{"a\/":1,"a/":2}}`)},
		"an escape by number": {false, edit(`webauthn`, `web\u0061uthn`)},
		"too deep":            {false, edit(`}`, `,"x":[[[[]]]]}`)},
		"deep enough":         {true, edit(`}`, `,"x":[[[]]]}`)},
		"not UTF-8":           {false, edit(`}`, ",\"x\":\"\xc0\x80\"}")},
		"a mark first":        {false, edit(`{`, "\ufeff{")},
		"something behind":    {false, edit(`}`, `} x`)},
		"a comma too many":    {false, edit(`}`, `,}`)},
		"too long":            {false, edit(`}`, `}`+strings.Repeat(" ", 1024))},
		"no challenge":        {false, edit(`"challenge"`, `"Challenge"`)},
	} {
		if v := consent(name, evAct{spoil: x.spoil}); (v.Standing == entente.PhaseInForce) != x.good {
			t.Errorf("%s: %s", name, v.Standing)
		}
	}
	for name, bend := range map[string]func(a *record.Approval){
		"a zero before r": func(a *record.Approval) {
			a.Signature = slices.Insert(a.Signature, 4, 0)
			a.Signature[1]++
			a.Signature[3]++
		},
		"a long length":    func(a *record.Approval) { a.Signature = slices.Insert(a.Signature, 1, 0x81) },
		"a byte behind":    func(a *record.Approval) { a.Signature = append(a.Signature, 0) },
		"called Ed25519":   func(a *record.Approval) { a.Alg = record.Ed25519 },
		"a third item":     func(a *record.Approval) { a.Evidence = append(a.Evidence, []byte{}) },
		"items exchanged":  func(a *record.Approval) { slices.Reverse(a.Evidence) },
		"no evidence":      func(a *record.Approval) { a.Evidence = nil },
		"for another seat": func(a *record.Approval) { a.Office = "deputy"; a.Seat = 1 },
		"at another time":  func(a *record.Approval) { a.Time++ },
	} {
		if v := consent(name, evAct{bend: bend}); v.Standing != entente.PhaseProposed {
			t.Errorf("%s: %s", name, v.Standing)
		}
	}
	if v := consent("of another key", evAct{signers: []string{"desk/2=device3"}}); v.Standing != entente.PhaseProposed {
		t.Errorf("another key: %s", v.Standing)
	}
}

func TestEvidenceOfActingOfficials(t *testing.T) {
	for _, c := range []struct {
		name string
		time int64
		want entente.Phase
	}{{"before the term", evStart + 99, entente.PhaseProposed}, {"in its first second", evStart + 100, entente.PhaseInForce},
		{"in its last", evStart + 199, entente.PhaseInForce}, {"after it", evStart + 200, entente.PhaseProposed}} {
		s := newStage(t)
		id := s.propose(0)
		s.say("MX", record.Consent, id)
		s.write("US", evAct{kind: "commitment", verb: record.Consent, instrument: id, version: id, time: c.time, signers: []string{"deputy/1=device"}})
		s.now = c.time
		e := s.evidence(id)
		if _, ok := evBoth(t, c.name, evFile(t, e), s.now); !ok {
			t.Errorf("%s: not valid", c.name)
		}
		v := e.Verify(entente.VerifyOptions{Now: s.now})
		if v.Standing != c.want {
			t.Errorf("%s: %s, want %s", c.name, v.Standing, c.want)
		}
		acting := 0
		for _, x := range v.Versions[0].Signed {
			if x.Acting && x.Office == "deputy" {
				acting++
			}
		}
		if (acting == 1) != (c.want == entente.PhaseInForce) {
			t.Errorf("%s: %d acting officials signed", c.name, acting)
		}
	}
}

func TestEvidenceOfPaper(t *testing.T) {
	paper := func(office string, signed int64) any {
		return entente.ConsentTerms{Paper: &entente.Paper{Office: office, Signed: signed, Place: "Washington"}}
	}
	scan := []record.Part{evPart("annex/scan", "scan")}
	for name, c := range map[string]struct {
		a    evAct
		want entente.Phase
	}{
		"recorded":                   {evAct{terms: paper("minister", evStart+5), parts: scan, signers: []string{"registry/1=registry"}}, entente.PhaseInForce},
		"by an office without it":    {evAct{terms: paper("minister", evStart+5), parts: scan}, entente.PhaseProposed},
		"without its scan":           {evAct{terms: paper("minister", evStart+5), signers: []string{"registry/1=registry"}}, entente.PhaseProposed},
		"an unknown office":          {evAct{terms: paper("president", evStart+5), parts: scan, signers: []string{"registry/1=registry"}}, entente.PhaseProposed},
		"an office without a remit":  {evAct{terms: paper("press", evStart+5), parts: scan, signers: []string{"registry/1=registry"}}, entente.PhaseProposed},
		"after its authority ended":  {evAct{terms: paper("minister", evStart+50), time: evStart + 90, parts: scan, signers: []string{"registry/1=registry"}}, entente.PhaseProposed},
		"before it ended":            {evAct{terms: paper("minister", evStart+49), time: evStart + 90, parts: scan, signers: []string{"registry/1=registry"}}, entente.PhaseInForce},
		"a date to come":             {evAct{terms: paper("desk", evStart+91), time: evStart + 90, parts: scan, signers: []string{"registry/1=registry"}}, entente.PhaseProposed},
		"a scan of nothing":          {evAct{parts: scan}, entente.PhaseProposed},
		"the recorder signs for all": {evAct{signers: []string{"registry/1=registry"}}, entente.PhaseInForce},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			id := s.propose(0)
			s.say("MX", record.Consent, id)
			c.a.kind, c.a.verb, c.a.instrument, c.a.version = "commitment", record.Consent, id, id
			s.write("US", c.a)
			s.now = max(s.now, c.a.time)
			e := s.evidence(id)
			if _, ok := evBoth(t, name, evFile(t, e), s.now); !ok {
				t.Error("not valid")
			}
			v := e.Verify(entente.VerifyOptions{Now: s.now})
			if v.Standing != c.want {
				t.Errorf("%s, want %s", v.Standing, c.want)
			}
			shown := slices.ContainsFunc(v.Versions[0].Signed, func(x entente.Signer) bool { return x.Paper != nil && x.Paper.Office == "minister" })
			if shown != (c.want == entente.PhaseInForce && c.a.terms != nil) {
				t.Errorf("signed on paper: %v", shown)
			}
		})
	}
}

// ---- the second verifier, written from doc/record.md section 6 with nothing but SHA-256 and big numbers

func slowAsserted(pub, statement, data, client, sig []byte) bool {
	if len(pub) != 65 || len(data) != 37 || !bytes.Equal(data[:32], pub[33:]) || data[32]&1 == 0 || data[32]&4 == 0 || data[32]&64 != 0 || data[32]&128 != 0 {
		return false
	}
	members, ok := slowJSON(client)
	if !ok || members["type"] != `"webauthn.get"` {
		return false
	}
	challenge := sum(statement)
	if members["challenge"] != `"`+strings.TrimRight(base64.URLEncoding.EncodeToString([]byte(challenge)), "=")+`"` {
		return false
	}
	origin, secure := strings.CutPrefix(members["origin"], `"https://`)
	if !secure {
		if origin, ok = strings.CutPrefix(members["origin"], `"http://`); !ok {
			return false
		}
	}
	host, port, found := strings.Cut(strings.TrimSuffix(origin, `"`), ":")
	if found && (len(port) < 1 || len(port) > 5 || strings.ContainsFunc(port, func(r rune) bool { return r < '0' || r > '9' })) {
		return false
	}
	if sum([]byte(host)) != string(pub[33:]) || !secure && host != "localhost" && !strings.HasSuffix(host, ".localhost") {
		return false
	}
	if x, there := members["crossOrigin"]; there && x != "false" {
		return false
	}
	if _, there := members["topOrigin"]; there {
		return false
	}
	hash := sum(client)
	return slowECDSA(pub[:33], []byte(sum(data, []byte(hash))), sig)
}

// slowJSON reads an object: names, and for each its value as it stands, texts with escapes undone.
func slowJSON(b []byte) (members map[string]string, ok bool) {
	if len(b) > 1024 || !utf8.Valid(b) || bytes.Contains(b, []byte(`\u`)) {
		return nil, false
	}
	defer func() {
		if recover() != nil {
			members, ok = nil, false
		}
	}()
	r := &slowReader{b: string(b) + "\x00"}
	r.space()
	if r.b[0] != '{' {
		return nil, false
	}
	members = r.object(4)
	r.space()
	return members, r.b == "\x00"
}

type slowReader struct{ b string }

func (r *slowReader) space() { r.b = strings.TrimLeft(r.b, " \t\r\n") }

func (r *slowReader) take(s string) {
	if !strings.HasPrefix(r.b, s) {
		panic("want " + s)
	}
	r.b = r.b[len(s):]
	r.space()
}

func (r *slowReader) object(levels int) map[string]string {
	if levels == 0 {
		panic("too deep")
	}
	out := map[string]string{}
	r.take("{")
	for first := true; r.b[0] != '}'; first = false {
		if !first {
			r.take(",")
		}
		name := r.text()
		name = name[1 : len(name)-1]
		r.take(":")
		if _, twice := out[name]; twice {
			panic("twice")
		}
		out[name] = r.value(levels - 1)
	}
	r.take("}")
	return out
}

// text keeps the quotes, so that a text is told from a word.
func (r *slowReader) text() string {
	if r.b[0] != '"' {
		panic("want a text")
	}
	out := []byte{'"'}
	for i := 1; ; i++ {
		switch c := r.b[i]; {
		case c < ' ':
			panic("a control character")
		case c == '"':
			r.b = r.b[i+1:]
			r.space()
			return string(append(out, '"'))
		case c == '\\':
			i++
			k := strings.IndexByte(`"\/bfnrt`, r.b[i])
			out = append(out, "\"\\/\b\f\n\r\t"[k])
		default:
			out = append(out, c)
		}
	}
}

func (r *slowReader) value(levels int) string {
	switch c := r.b[0]; {
	case c == '{':
		r.object(levels)
		return "{}"
	case c == '[':
		if levels == 0 {
			panic("too deep")
		}
		r.take("[")
		for first := true; r.b[0] != ']'; first = false {
			if !first {
				r.take(",")
			}
			r.value(levels - 1)
		}
		r.take("]")
		return "[]"
	case c == '"':
		return r.text()
	case c == '-' || c >= '0' && c <= '9':
		r.number()
		return "0"
	}
	for _, w := range []string{"true", "false", "null"} {
		if strings.HasPrefix(r.b, w) {
			r.take(w)
			return w
		}
	}
	panic("want a value")
}

func (r *slowReader) number() {
	digits := func() {
		n := len(r.b) - len(strings.TrimLeft(r.b, "0123456789"))
		if n == 0 {
			panic("want digits")
		}
		r.b = r.b[n:]
	}
	r.b = strings.TrimPrefix(r.b, "-")
	if r.b[0] == '0' {
		r.b = r.b[1:]
	} else {
		digits()
	}
	if r.b[0] == '.' {
		r.b = r.b[1:]
		digits()
	}
	if r.b[0] == 'e' || r.b[0] == 'E' {
		if r.b = r.b[1:]; r.b[0] == '+' || r.b[0] == '-' {
			r.b = r.b[1:]
		}
		digits()
	}
	r.space()
}

var slowAssertions = map[string]bool{}

// slowECDSA is FIPS 186-5 section 6.4.2 over P-256 in affine coordinates.
func slowECDSA(point, digest, sig []byte) bool {
	k := sum(point, digest, sig)
	ok, known := slowAssertions[k]
	if !known {
		ok = slowECDSAOnce(point, digest, sig)
		slowAssertions[k] = ok
	}
	return ok
}

func slowECDSAOnce(point, digest, sig []byte) bool {
	c := elliptic.P256().Params()
	r, s, ok := slowDER(sig)
	if !ok || r.Sign() <= 0 || s.Sign() <= 0 || r.Cmp(c.N) >= 0 || s.Cmp(c.N) >= 0 || point[0] != 2 && point[0] != 3 || new(big.Int).SetBytes(point[1:]).Cmp(c.P) >= 0 {
		return false
	}
	x, y := unpacked(point)
	if y == nil {
		return false
	}
	w := new(big.Int).ModInverse(s, c.N)
	u1 := new(big.Int).Mul(new(big.Int).SetBytes(digest), w)
	u2 := new(big.Int).Mul(r, w)
	q := slowAdd(slowTimes(u1.Mod(u1, c.N), &slowPoint{c.Gx, c.Gy}), slowTimes(u2.Mod(u2, c.N), &slowPoint{x, y}))
	return q != nil && new(big.Int).Mod(q.x, c.N).Cmp(r) == 0
}

type slowPoint struct{ x, y *big.Int } // nil: infinity

func slowTimes(n *big.Int, p *slowPoint) (out *slowPoint) {
	for i := n.BitLen() - 1; i >= 0; i-- {
		if out = slowAdd(out, out); n.Bit(i) == 1 {
			out = slowAdd(out, p)
		}
	}
	return out
}

func slowAdd(a, b *slowPoint) *slowPoint {
	if a == nil || b == nil {
		if a == nil {
			return b
		}
		return a
	}
	p := elliptic.P256().Params().P
	var up, down *big.Int
	switch {
	case a.x.Cmp(b.x) != 0:
		up, down = new(big.Int).Sub(b.y, a.y), new(big.Int).Sub(b.x, a.x)
	case a.y.Cmp(b.y) != 0 || a.y.Sign() == 0:
		return nil
	default: // 3x² − 3 over 2y
		up = new(big.Int).Mul(a.x, a.x)
		up.Sub(up, big.NewInt(1)).Mul(up, big.NewInt(3))
		down = new(big.Int).Lsh(a.y, 1)
	}
	l := down.ModInverse(down.Mod(down, p), p)
	l.Mul(l, up).Mod(l, p)
	x := new(big.Int).Mul(l, l)
	x.Sub(x, a.x).Sub(x, b.x).Mod(x, p)
	y := new(big.Int).Sub(a.x, x)
	y.Mul(y, l).Sub(y, a.y).Mod(y, p)
	return &slowPoint{x, y}
}

// slowDER reads two numbers in the one form that DER has for them, if they are short enough.
func slowDER(b []byte) (r, s *big.Int, ok bool) {
	number := func() *big.Int {
		if len(b) < 3 || b[0] != 2 || b[1] == 0 || int(b[1]) > len(b)-2 || b[1] > 33 {
			ok = false
			return new(big.Int)
		}
		n := b[2 : 2+b[1]]
		b = b[2+len(n):]
		if n[0] >= 0x80 || n[0] == 0 && (len(n) == 1 || n[1] < 0x80) { // below zero, zero, or padded: none of them is in range
			ok = false
		}
		return new(big.Int).SetBytes(n)
	}
	if len(b) < 2 || b[0] != 0x30 || int(b[1]) != len(b)-2 {
		return nil, nil, false
	}
	b, ok = b[2:], true
	r, s = number(), number()
	return r, s, ok && len(b) == 0
}

// The slow arithmetic is right about a signature from elsewhere (RFC 6979 section A.2.5, SHA-256, "sample").
func TestSlowECDSA(t *testing.T) {
	n := func(s string) *big.Int { b, _ := hex.DecodeString(s); return new(big.Int).SetBytes(b) }
	x := n("60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6")
	r := n("EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716")
	s := n("F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8")
	sig := slices.Concat([]byte{0x30, 70, 2, 33, 0}, r.Bytes(), []byte{2, 33, 0}, s.Bytes())
	d := sha256.Sum256([]byte("sample"))
	if !slowECDSAOnce(append([]byte{3}, x.Bytes()...), d[:], sig) {
		t.Error("a good signature is refused")
	}
	if slowECDSAOnce(append([]byte{2}, x.Bytes()...), d[:], sig) {
		t.Error("a signature under the other half of the key is taken")
	}
	d[0] ^= 1
	if slowECDSAOnce(append([]byte{3}, x.Bytes()...), d[:], sig) {
		t.Error("a signature of something else is taken")
	}
}
