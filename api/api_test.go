package api

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"entente"
	"entente/node"
	"entente/record"
	"entente/store"
)

// desk is one node with an office of two seats, served over HTTP and over its local socket.
type desk struct {
	t        *testing.T
	node     *node.Node
	api      *API
	now      time.Time
	office   *Client // over TCP, with the token of desk
	operator *Client // over the local socket
	tcp      *httptest.Server
	token    string
	seats    []ed25519.PrivateKey
	own      record.ID
	log      *bytes.Buffer
	dir      string
}

// drill is a kind that exists in this test only.
var drill = &entente.Kind{Name: "drill",
	Verbs: map[record.Verb]entente.Rule{
		record.Propose: {Opens: true, Approved: true, Terms: func() any { return new(drillTerms) }, Parts: []string{"title.*", "annex/*", record.RowsPart}, Needs: []string{"title.*"}},
		record.Consent: {Approved: true},
	},
	Fold: func(s *entente.State, _ []entente.Judged) { s.Owner = s.Author },
}

type drillTerms struct {
	Siren string `cbor:"1,keyasint" json:"siren"`
}

func kinds() entente.Kinds {
	k := entente.Standard()
	k.Add(drill)
	return k
}

func key(s string) ed25519.PrivateKey {
	d := record.Digest("test", []byte(s))
	return ed25519.NewKeyFromSeed(d[:])
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, now: time.Unix(1_760_000_000, 0), seats: []ed25519.PrivateKey{key("1"), key("2")}, log: new(bytes.Buffer)}
	d.dir = filepath.Join(t.TempDir(), "mx")
	dir := d.dir
	offices := []entente.Office{
		{ID: "desk", Names: map[string]string{"en": "Desk", "es": "Mesa"}, Grants: []entente.Grant{{Kinds: []string{"*"}, Sign: 2}},
			Seats: []entente.Seat{{Number: 1, Key: node.PublicKey(d.seats[0])}, {Number: 2, Key: node.PublicKey(d.seats[1])}}},
		{ID: "press", Names: map[string]string{"en": "Press", "es": "Prensa"}},
	}
	ctx := t.Context()
	if err := node.Init(ctx, node.Setup{Dir: dir, Config: node.Config{Party: "MX", Names: map[string]string{"en": "México", "es": "México"}, Address: "localhost:1"},
		Passphrase: "correct horse", WorkFactor: 2, Offices: offices, Now: d.now.Unix()}); err != nil {
		t.Fatal(err)
	}
	var err error
	if d.node, err = node.Open(ctx, node.Options{Dir: dir, Clock: func() int64 { return d.now.Unix() }, Kinds: kinds()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.node.Close() })
	d.api = New(d.node, Options{Log: slog.New(slog.NewTextHandler(d.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Clock: func() time.Time { return d.now }})
	d.tcp = httptest.NewServer(d.api.Handler(false))
	t.Cleanup(d.tcp.Close)
	if d.token, err = d.node.NewToken(ctx, "desk", 0); err != nil {
		t.Fatal(err)
	}
	d.office = NewClient(d.tcp.URL, d.tcp.Client(), d.token)
	l, err := ListenLocal(dir)
	if err != nil {
		t.Fatal(err)
	}
	if fi, err := os.Stat(filepath.Join(dir, SocketFile)); err != nil || fi.Mode().Perm() != 0o600 {
		t.Fatalf("socket: %v %v", fi, err)
	}
	serving, stop := context.WithCancel(ctx)
	done := make(chan error)
	go func() { done <- d.api.Serve(serving, l, true, nil) }()
	d.operator = DialClient(func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(dir, SocketFile))
	})
	t.Cleanup(func() {
		d.operator.Close()
		stop()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	groups, err := d.operator.Groups(ctx)
	if err != nil || len(groups) != 1 {
		t.Fatalf("groups: %v %v", groups, err)
	}
	d.own = groups[0].ID
	return d
}

func (d *desk) approval(x Draft, seat int) record.Approval {
	return record.Approve(x.Act, "MX", "desk", uint64(seat), d.now.Unix(), d.seats[seat-1])
}

func (d *desk) draft(a NewAct) Draft {
	d.t.Helper()
	x, err := d.office.NewDraft(d.t.Context(), d.own, a)
	if err != nil {
		d.t.Fatal(err)
	}
	return x
}

func (d *desk) put(a NewAct) *node.Sealed {
	d.t.Helper()
	x := d.draft(a)
	p, err := d.office.Approve(d.t.Context(), d.own, x.Nonce, d.approval(x, 1), d.approval(x, 2))
	if err != nil || p.Sealed == nil {
		d.t.Fatalf("approve: %+v %v", p, err)
	}
	return p.Sealed
}

func proposal(title string) NewAct {
	return NewAct{Kind: "drill", Verb: record.Propose, Terms: json.RawMessage(`{"siren":"two tones"}`),
		Parts: []NewPart{{Name: "title.en", Text: title}, {Name: "title.es", Text: title},
			{Name: "rows", Table: &Table{[]string{"key", "value"}, [][]string{{"a", "1.50"}, {"b", "=2,3"}}}},
			{Name: "annex/plan", Content: []byte{0xff, 0x00, 0x01}}}}
}

func TestAKindOfTheTestPassesThrough(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	s := d.put(proposal("Evacuation"))
	d.put(NewAct{Kind: "drill", Verb: record.Consent, Version: s.ID})
	i, err := d.office.Instrument(ctx, d.own, s.ID)
	if err != nil {
		t.Fatal(err)
	}
	if i.View.Phase != entente.PhaseInForce || i.State.Kind != "drill" || len(i.Records) != 2 || string(i.Records[0].Header.Terms) != `{"siren":"two tones"}` {
		t.Errorf("instrument: %+v %+v", i.View, i.Records)
	}
	title, err := d.office.Part(ctx, d.own, s.ID, "title.es")
	if err != nil || title.Text != "Evacuation" || title.Marking.TLP != record.Amber {
		t.Errorf("title: %+v %v", title, err)
	}
	rows, err := d.office.Part(ctx, d.own, s.ID, "rows")
	if err != nil || rows.Table == nil || rows.Table.Rows[1][1] != "=2,3" {
		t.Errorf("rows: %+v %v", rows, err)
	}
	csv, err := d.office.PartFile(ctx, d.own, s.ID, "rows", "csv")
	if err != nil || string(csv) != "key,value\na,1.50\nb,\"=2,3\"\n" {
		t.Errorf("csv: %q %v", csv, err)
	}
	annex, err := d.office.PartFile(ctx, d.own, s.ID, "annex/plan", "raw")
	if err != nil || !bytes.Equal(annex, []byte{0xff, 0, 1}) {
		t.Errorf("annex: %x %v", annex, err)
	}
	access, err := d.office.Access(ctx, "", 2)
	if err != nil || len(access.Items) != 2 || access.Next == "" || !strings.Contains(string(access.Items[0].Header.Terms), "annex/plan") {
		t.Errorf("access log: %+v %v", access, err)
	}
	more, err := d.office.Access(ctx, access.Next, 100)
	if err != nil || len(more.Items) != 2 || more.Next != "" {
		t.Errorf("access log: %+v %v", more, err)
	}
}

func TestFourEyes(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	x := d.draft(proposal("Two seats"))
	if len(x.Missing) == 0 {
		t.Fatal("a draft that nobody signed misses nothing")
	}
	var h record.Header
	if err := record.Unmarshal(x.Encoded, &h); err != nil {
		t.Fatal(err)
	}
	if act, err := record.Act(&h); err != nil || act != x.Act {
		t.Errorf("the encoded header's act is %s, the draft's %s: %v", act, x.Act, err)
	}
	parts, err := d.office.DraftParts(ctx, d.own, x.Nonce)
	if err != nil || len(parts) != 4 {
		t.Fatalf("parts: %d %v", len(parts), err)
	}
	for _, p := range parts {
		if err := record.Open(&h, record.Part{Name: p.Name, Salt: record.Salt(p.Salt), Content: p.Raw}); err != nil {
			t.Error(err)
		}
	}
	first := d.approval(x, 1)
	p, err := d.office.Approve(ctx, d.own, x.Nonce, first)
	if err != nil || p.Sealed != nil || len(p.Draft.Missing) != 1 {
		t.Fatalf("one of two: %+v %v", p, err)
	}
	if p, err = d.office.Approve(ctx, d.own, x.Nonce, first); err != nil || p.Sealed != nil || len(p.Draft.Header.Approvals) != 1 {
		t.Errorf("the same seat twice: %+v %v", p, err)
	}
	forged := record.Approve(x.Act, "MX", "desk", 2, d.now.Unix(), key("a thief"))
	if _, err := d.office.Approve(ctx, d.own, x.Nonce, forged); !errors.Is(err, node.ErrInvalid) {
		t.Errorf("forged signature: %v", err)
	}
	if p, err = d.office.Approve(ctx, d.own, x.Nonce, d.approval(x, 2)); err != nil || p.Sealed == nil {
		t.Fatalf("two of two: %+v %v", p, err)
	}
	again, err := d.office.Approve(ctx, d.own, x.Nonce, d.approval(x, 2))
	if err != nil || again.Sealed == nil || again.Sealed.ID != p.Sealed.ID {
		t.Errorf("after it was sealed: %+v %v", again, err)
	}
}

// reply is an answer whose body was read.
type reply struct {
	StatusCode int
	Header     http.Header
}

// raw sends a request as it stands.
func (d *desk) raw(method, path, token, key, body string) (reply, string) {
	d.t.Helper()
	req, err := http.NewRequestWithContext(d.t.Context(), method, d.tcp.URL+path, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := d.tcp.Client().Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	if res.Header.Get("Cache-Control") != "no-store" {
		d.t.Errorf("%s %s may be cached", method, path)
	}
	return reply{res.StatusCode, res.Header}, string(b)
}

func TestProblems(t *testing.T) {
	d := newDesk(t)
	const canary = "CANARY-IN-A-PART"
	g := "/v1/groups/" + d.own.String()
	unknown := strings.Repeat("ab", 32)
	for _, c := range []struct {
		name, method, path, token, body string
		status                          int
		kind                            string
	}{
		{"no token", "GET", "/v1/groups", "", "", 401, "unauthorized"},
		{"wrong token", "GET", "/v1/groups", "x", "", 401, "unauthorized"},
		{"no route", "GET", "/v2/groups", d.token, "", 404, "no-route"},
		{"operator's route over TCP", "POST", "/v1/tokens", d.token, `{"office":"desk"}`, 404, "no-route"},
		{"operator's route over TCP, join", "POST", "/v1/groups", d.token, `{"founding":""}`, 404, "no-route"},
		{"unknown group", "GET", "/v1/groups/" + unknown, d.token, "", 404, "not-found"},
		{"unknown record", "GET", g + "/records/" + unknown, d.token, "", 404, "not-found"},
		{"not an id", "GET", g + "/records/xyz", d.token, "", 422, "request"},
		{"unknown kind", "POST", g + "/drafts", d.token, `{"kind":"treaty","verb":"propose"}`, 422, "invalid"},
		{"unknown field", "POST", g + "/drafts", d.token, `{"kind":"drill","verb":"propose","` + canary + `":"` + canary + `"}`, 422, "request"},
		{"wrong type", "POST", g + "/drafts", d.token, `{"kind":"drill","verb":"propose","parts":"` + canary + `"}`, 422, "request"},
		{"bad rows", "POST", g + "/drafts", d.token, `{"kind":"drill","verb":"propose","parts":[{"name":"rows","table":{"columns":["key"],"rows":[["` + canary + `"],["` + canary + `"]]}}]}`, 422, "invalid"},
		{"text and content", "POST", g + "/drafts", d.token, `{"kind":"drill","verb":"propose","parts":[{"name":"title.en","text":"` + canary + `","content":"AAAA"}]}`, 422, "invalid"},
		{"not JSON", "POST", g + "/drafts", d.token, `{"kind":"` + canary, 400, "request"},
		{"bad cursor", "GET", g + "/instruments?cursor=zz", d.token, "", 422, "invalid"},
		{"unknown query", "GET", g + "/instruments?colour=red", d.token, "", 422, "request"},
		{"unknown draft", "DELETE", g + "/drafts/" + strings.Repeat("0", 32), d.token, "", 404, "not-found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			res, text := d.raw(c.method, c.path, c.token, "", c.body)
			var p Problem
			if err := json.Unmarshal([]byte(text), &p); err != nil {
				t.Fatalf("%v in %s", err, text)
			}
			if res.StatusCode != c.status || p.Status != c.status || p.Type != "urn:entente:problem:"+c.kind || res.Header.Get("Content-Type") != problemType {
				t.Errorf("got %d %s", res.StatusCode, text)
			}
			if p.Title == "" || (p.Hint == "" && c.kind != "internal") {
				t.Errorf("no title or hint: %s", text)
			}
			if strings.Contains(text, canary) && c.name != "unknown field" { // a name of a field is no content
				t.Errorf("content of a part comes back: %s", text)
			}
		})
	}
	if strings.Contains(d.log.String(), canary) || strings.Contains(d.log.String(), d.token) {
		t.Errorf("content or a token in the log: %s", d.log)
	}
}

func TestRefusalNamesEveryReason(t *testing.T) {
	d := newDesk(t)
	a := NewAct{Kind: "commitment", Verb: record.Propose, Line: "none", Terms: json.RawMessage(`{"owner":"XX","due":0}`)}
	x := d.draft(a)
	_, err := d.office.Approve(t.Context(), d.own, x.Nonce, d.approval(x, 1), d.approval(x, 2))
	var p *Problem
	if !errors.As(err, &p) || p.Status != http.StatusConflict || !errors.Is(err, node.ErrRefused) {
		t.Fatalf("got %v", err)
	}
	codes := map[string]bool{}
	for _, r := range p.Errors {
		codes[r.Code] = true
	}
	for _, want := range []string{entente.ReasonTerms, entente.ReasonParts} {
		if !codes[want] {
			t.Errorf("no reason %s in %+v", want, p.Errors)
		}
	}
	if len(p.Errors) < 6 { // line, owner, due, four texts
		t.Errorf("%d reasons: %+v", len(p.Errors), p.Errors)
	}
}

// TestProblemTable presses the kinds that a healthy node does not produce, and what is in no table.
func TestProblemTable(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, nil))
	seen := map[string]bool{}
	for _, k := range problems {
		p := problemOf(t.Context(), log, errors.Join(errors.New("CAUSE"), k.err))
		if p.Status != k.status || p.Type != k.kind || seen[p.Type] || p.Hint == "" || !p.Is(k.err) {
			t.Errorf("%v: %+v", k.err, p)
		}
		if k.without && strings.Contains(p.Error(), "CAUSE") {
			t.Errorf("%v tells its cause", k.err)
		}
		seen[p.Type] = true
	}
	p := problemOf(t.Context(), log, errors.New("SECRET CAUSE"))
	if p.Status != 500 || strings.Contains(p.Error(), "SECRET") || len(p.Reference) != 16 {
		t.Errorf("internal: %+v", p)
	}
	if !strings.Contains(out.String(), p.Reference) || !strings.Contains(out.String(), "SECRET CAUSE") {
		t.Errorf("the log does not name the cause: %s", out.String())
	}
}

func TestPanicTellsNothing(t *testing.T) {
	d := newDesk(t)
	rec := httptest.NewRecorder()
	d.api.guard(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("CANARY") })).ServeHTTP(rec, httptest.NewRequest("GET", "/", nil))
	if rec.Code != 500 || strings.Contains(rec.Body.String(), "CANARY") || strings.Contains(d.log.String(), "CANARY") {
		t.Errorf("%d %s %s", rec.Code, rec.Body, d.log)
	}
}

func TestFailedSignInsAreLimited(t *testing.T) {
	d := newDesk(t)
	for i := range maxFailures {
		if res, _ := d.raw("GET", "/v1/groups", "wrong", "", ""); res.StatusCode != 401 {
			t.Fatalf("failure %d: %d", i, res.StatusCode)
		}
	}
	if res, body := d.raw("GET", "/v1/groups", d.token, "", ""); res.StatusCode != 429 || res.Header.Get("Retry-After") == "" || !strings.Contains(body, kindTooMany) {
		t.Fatalf("after %d failures: %d %s", maxFailures, res.StatusCode, body)
	}
	d.now = d.now.Add(failureWindow)
	if res, _ := d.raw("GET", "/v1/groups", d.token, "", ""); res.StatusCode != 200 {
		t.Errorf("after the window: %d", res.StatusCode)
	}
}

func TestIdempotency(t *testing.T) {
	d := newDesk(t)
	path := "/v1/groups/" + d.own.String() + "/drafts"
	const body = `{"kind":"drill","verb":"propose","parts":[{"name":"title.en","text":"a"},{"name":"title.es","text":"a"}]}`
	first, a := d.raw("POST", path, d.token, "k-1", body)
	second, b := d.raw("POST", path, d.token, "k-1", body)
	if first.StatusCode != 201 || second.StatusCode != 201 || a != b || second.Header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("%d %d %v", first.StatusCode, second.StatusCode, a == b)
	}
	if _, c := d.raw("POST", path, d.token, "k-2", body); c == a {
		t.Error("another key got the same answer")
	}
	if res, _ := d.raw("POST", path, d.token, "k-1", strings.Replace(body, `"a"`, `"b"`, 1)); res.StatusCode != 409 {
		t.Errorf("key for another request: %d", res.StatusCode)
	}
	if ds, err := d.office.Drafts(t.Context(), d.own); err != nil || len(ds) != 2 {
		t.Errorf("%d drafts, %v", len(ds), err)
	}
	press, err := d.node.NewToken(t.Context(), "press", 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, c := d.raw("POST", path, press, "k-1", body); c == a {
		t.Error("a key of one office answers another")
	}
}

func TestPaging(t *testing.T) {
	d := newDesk(t)
	want := map[record.ID]bool{}
	for range 5 {
		want[d.put(proposal("page")).ID] = true
	}
	f, pages := node.Query{Kind: "drill", Limit: 2}, 0
	for {
		p, err := d.office.Instruments(t.Context(), d.own, f)
		if err != nil {
			t.Fatal(err)
		}
		pages++
		for _, x := range p.Items {
			if !want[x.State.Instrument] {
				t.Errorf("%s twice or unknown", x.State.Instrument.Short())
			}
			delete(want, x.State.Instrument)
		}
		if f.Cursor = p.Next; f.Cursor == "" {
			break
		}
	}
	if len(want) > 0 || pages != 3 {
		t.Errorf("%d missing after %d pages", len(want), pages)
	}
}

func TestOperatorSetsUpAndReadsNoPart(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	s := d.put(proposal("for offices"))
	if _, err := d.operator.Part(ctx, d.own, s.ID, "title.en"); !errors.Is(err, node.ErrForbidden) {
		t.Errorf("operator reads a part: %v", err)
	}
	tok, err := d.operator.NewToken(ctx, "press", 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.operator.As(tok.Secret).Part(ctx, d.own, s.ID, "title.en"); err != nil {
		t.Errorf("an office over the socket: %v", err)
	}
	if err := d.operator.RevokeTokens(ctx, "press"); err != nil {
		t.Fatal(err)
	}
	var p *Problem
	if _, err := d.operator.As(tok.Secret).Groups(ctx); !errors.As(err, &p) || p.Status != 401 {
		t.Errorf("revoked token: %v", err)
	}
	id := []byte{0xfb, 0xff, 1}
	for _, use := range []string{node.CredentialSignIn, node.CredentialSign} {
		if err := d.node.PutCredential(ctx, store.Credential{ID: append([]byte(use), id...), Office: "desk", Seat: 1, Use: use, Name: "laptop", Data: []byte("{}")}); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.operator.PutAccount(ctx, store.Subject{Issuer: "https://id", Subject: "a", Office: "desk", Seat: 2}); err != nil {
		t.Fatal(err)
	}
	if x, err := d.operator.SignIns(ctx, "desk"); err != nil || len(x.Credentials) != 2 || len(x.Accounts) != 1 || len(x.Credentials[0].Data) > 0 {
		t.Errorf("%+v %v", x, err)
	}
	if err := d.operator.DropSignIns(ctx, "desk", 1); err != nil {
		t.Fatal(err)
	}
	if x, err := d.operator.SignIns(ctx, ""); err != nil || len(x.Credentials) != 1 || x.Credentials[0].Use != node.CredentialSign || len(x.Accounts) != 1 {
		t.Errorf("%+v %v", x, err)
	}
	for range 2 { // the second finds nothing
		err = d.operator.DropCredential(ctx, append([]byte(node.CredentialSign), id...))
	}
	if x, listed := d.operator.SignIns(ctx, ""); !errors.Is(err, node.ErrNotFound) || listed != nil || len(x.Credentials) != 0 {
		t.Errorf("%+v %v %v", x, err, listed)
	}
	lines := 0
	rep, err := d.operator.Check(ctx, func(done, total uint64) { lines++ })
	if err != nil || !rep.OK || lines == 0 {
		t.Errorf("check: %+v %v after %d lines", rep, err, lines)
	}
	if i, err := d.operator.Introduction(ctx); err != nil || i.Introduction.Party != "MX" || len(i.Fingerprint) != 39 {
		t.Errorf("introduction: %+v %v", i, err)
	}
	r, err := d.operator.ExportLog(ctx, d.own, "MX")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if b, err := io.ReadAll(r); err != nil || !bytes.Contains(b, []byte("tile/entries/000")) || bytes.Contains(b, []byte("for offices")) {
		t.Errorf("log export: %d bytes, %v", len(b), err)
	}
	if _, err := d.operator.ExportLog(ctx, d.own, "US"); !errors.Is(err, node.ErrNotFound) {
		t.Errorf("log of a stranger: %v", err)
	}
}

func TestOpenAPI(t *testing.T) {
	d := newDesk(t)
	for _, local := range []bool{false, true} {
		rec := httptest.NewRecorder()
		d.api.Handler(local).ServeHTTP(rec, httptest.NewRequest("GET", openapiPath, nil))
		var doc struct {
			OpenAPI string                                `json:"openapi"`
			Paths   map[string]map[string]json.RawMessage `json:"paths"`
		}
		if err := json.Unmarshal(rec.Body.Bytes(), &doc); err != nil || !strings.HasPrefix(doc.OpenAPI, "3.1") {
			t.Fatalf("%v %q", err, doc.OpenAPI)
		}
		n := 0
		for _, r := range routes {
			_, listed := doc.Paths[r.path][strings.ToLower(r.method)]
			if want := local || !r.operator; listed != want {
				t.Errorf("local %v: %s %s listed %v", local, r.method, r.path, listed)
			}
			if listed {
				n++
			}
		}
		total := 0
		for _, p := range doc.Paths {
			total += len(p)
		}
		if total != n {
			t.Errorf("%d operations, %d routes", total, n)
		}
		for _, name := range entente.Standard().Names() {
			if strings.Contains(rec.Body.String(), `"`+name+`"`) && name != "charter" && name != "powers" && name != "access" && name != "receipt" && name != "clearance" && name != "claim" && name != "indicator" && name != "finding" && name != "contact" {
				t.Errorf("the document names the kind %s", name)
			}
		}
	}
}

func TestSecondServerIsRefused(t *testing.T) {
	d := newDesk(t)
	dir := filepath.Join(t.TempDir(), "x")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := ListenLocal(dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- d.api.Serve(ctx, l, true, nil) }()
	if _, err := ListenLocal(dir); !errors.Is(err, ErrServed) {
		t.Errorf("second listener: %v", err)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, SocketFile)); !os.IsNotExist(err) {
		t.Errorf("socket stays: %v", err)
	}
}

// TestGroupsAreWalledOff: what an office has no part in looks to it exactly like what does not exist.
func TestGroupsAreWalledOff(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	i, err := d.node.Introduction(ctx)
	if err != nil {
		t.Fatal(err)
	}
	both := map[string]string{"en": "x", "es": "x"}
	c := &entente.Charter{Rules: entente.Rules, Founded: d.now.Unix(), Track: "trade", Languages: []string{"en", "es"}, Names: both, Purpose: both,
		Parties: []entente.CharterParty{{ID: "MX", Names: both, Root: i.Root, Next: i.Next}, {ID: "US", Names: both, Root: node.PublicKey(key("root")), Next: node.PublicKey(key("next")).Digest()}},
		Clocks:  entente.Clocks{Notice: 1, Ceiling: 1, Retention: 1, Skew: 300}}
	founding, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.operator.Join(ctx, founding); !errors.Is(err, node.ErrConflict) || !strings.Contains(err.Error(), "entente peer add") {
		t.Errorf("a party that nobody met: %v", err)
	}
	us := node.Introduction{Format: i.Format, Party: "US", Names: both, Root: node.PublicKey(key("root")), Next: node.PublicKey(key("another")).Digest(), TLS: node.PublicKey(key("tls")), Address: "localhost:2"}
	if err := d.operator.Meet(ctx, us); err != nil {
		t.Fatal(err)
	}
	if _, err := d.operator.Join(ctx, founding); !errors.Is(err, node.ErrConflict) || !strings.Contains(err.Error(), "another root key") {
		t.Errorf("a charter with another root than was compared: %v", err)
	}
	us.Next = node.PublicKey(key("next")).Digest()
	if err := d.operator.Meet(ctx, us); err != nil {
		t.Fatal(err)
	}
	trade, err := d.operator.Join(ctx, founding)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := d.operator.Join(ctx, founding); err != nil || again != trade {
		t.Errorf("joined twice: %v %v", again, err)
	}
	root, err := node.OpenKey(filepath.Join(d.dir, node.RootFile), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.node.PutPowers(ctx, trade, []entente.Office{{ID: "minister", Names: both, Seats: []entente.Seat{{Number: 1, Key: node.PublicKey(key("m"))}}, Grants: []entente.Grant{{Kinds: []string{"*"}, Sign: 1}}}}, root); err != nil {
		t.Fatal(err)
	}
	minister, err := d.node.NewToken(ctx, "minister", 0)
	if err != nil {
		t.Fatal(err)
	}
	other := NewClient(d.tcp.URL, d.tcp.Client(), minister)
	draft, err := other.NewDraft(ctx, trade, NewAct{Kind: "drill", Verb: record.Propose, Parts: []NewPart{{Name: "title.en", Text: "CANARY"}, {Name: "title.es", Text: "CANARY"}}})
	if err != nil {
		t.Fatal(err)
	}
	if gs, err := d.office.Groups(ctx); err != nil || len(gs) != 1 || gs[0].ID != d.own {
		t.Errorf("groups of desk: %d %v", len(gs), err)
	}
	unknown := record.Digest("test", []byte("no group"))
	for _, path := range []string{"", "/charter", "/powers", "/state", "/instruments", "/instruments/" + trade.String(), "/records/" + trade.String(), "/drafts", "/alarms",
		"/drafts/" + draft.Nonce.String(), "/drafts/" + draft.Nonce.String() + "/parts", "/records/" + trade.String() + "/evidence", "/records/" + trade.String() + "/parts/title.en"} {
		there, a := d.raw("GET", "/v1/groups/"+trade.String()+path, d.token, "", "")
		nowhere, b := d.raw("GET", "/v1/groups/"+unknown.String()+path, d.token, "", "")
		if there.StatusCode != 404 || nowhere.StatusCode != 404 || a != b {
			t.Errorf("%s: %d %s and %d %s", path, there.StatusCode, a, nowhere.StatusCode, b)
		}
	}
	const body = `{"kind":"drill","verb":"propose"}`
	there, a := d.raw("POST", "/v1/groups/"+trade.String()+"/drafts", d.token, "", body)
	nowhere, b := d.raw("POST", "/v1/groups/"+unknown.String()+"/drafts", d.token, "", body)
	if there.StatusCode != 404 || nowhere.StatusCode != 404 || a != b {
		t.Errorf("draft: %s and %s", a, b)
	}
	// a draft is not reached through another group, even by who may see both
	if _, err := d.operator.Draft(ctx, d.own, draft.Nonce); !errors.Is(err, node.ErrNotFound) {
		t.Errorf("draft through another group: %v", err)
	}
	if err := d.operator.DropDraft(ctx, d.own, draft.Nonce); !errors.Is(err, node.ErrNotFound) {
		t.Errorf("dropped through another group: %v", err)
	}
	if strings.Contains(d.log.String(), "CANARY") {
		t.Error("content in the log")
	}
}

func TestBodiesAreBounded(t *testing.T) {
	d := newDesk(t)
	x := d.draft(proposal("a"))
	path := "/v1/groups/" + d.own.String() + "/drafts/" + x.Nonce.String() + "/approvals"
	for _, key := range []string{"", "k"} {
		if res, body := d.raw("POST", path, d.token, key, `{"approvals":["`+strings.Repeat("x", maxBody)+`"]}`); res.StatusCode != 413 || !strings.Contains(body, kindRequest) {
			t.Errorf("key %q: %d %s", key, res.StatusCode, body)
		}
	}
	if res, _ := d.raw("POST", path, d.token, strings.Repeat("k", maxKey+1), `{}`); res.StatusCode != 400 {
		t.Errorf("long key: %d", res.StatusCode)
	}
}

// TestLostAnswer: a client whose connection breaks after the node has done what it asked asks again and gets the same answer.
func TestLostAnswer(t *testing.T) {
	d := newDesk(t)
	broken := &breaking{d.tcp.Client().Transport, 1}
	c := NewClient(d.tcp.URL, &http.Client{Transport: broken}, d.token)
	if _, err := c.NewDraft(t.Context(), d.own, proposal("once")); err != nil {
		t.Fatal(err)
	}
	if ds, err := d.office.Drafts(t.Context(), d.own); err != nil || len(ds) != 1 || broken.left != 0 {
		t.Errorf("%d drafts, %v", len(ds), err)
	}
}

// breaking loses answers after they were made.
type breaking struct {
	http.RoundTripper
	left int
}

func (b *breaking) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.RoundTripper.RoundTrip(r)
	if err == nil && b.left > 0 {
		b.left--
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		return nil, io.ErrUnexpectedEOF
	}
	return res, err
}

func TestEvidenceRoute(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	s := d.put(proposal("evidence"))
	for _, parts := range [][]string{nil, {"title.en", "rows"}, {"-"}} {
		b, err := d.office.Evidence(ctx, d.own, s.ID, parts)
		if err != nil {
			t.Fatal(err)
		}
		e, err := entente.ParseEvidence(b)
		if err != nil {
			t.Fatal(err)
		}
		want := map[int]int{0: 4, 2: 2, 1: 0}[len(parts)]
		if v := e.Verify(entente.VerifyOptions{Kinds: kinds(), Now: d.now.Unix()}); !v.Valid || len(e.Parts) != want {
			t.Errorf("parts %v: %d shown, %v", parts, len(e.Parts), v.Reasons)
		}
	}
	if _, err := d.office.Evidence(ctx, d.own, s.ID, []string{"body.en"}); !errors.Is(err, node.ErrNotFound) {
		t.Errorf("unknown part: %v", err)
	}
}

// Behind a proxy on this machine whoever fails to sign in is told to wait, and nobody else; what a client says of itself does not
// count, and from elsewhere the header says nothing.
func TestBehindProxy(t *testing.T) {
	var seen string
	h := behindProxy(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = host(r.RemoteAddr) }))
	for _, x := range []struct{ from, header, want string }{
		{"127.0.0.1:5000", "203.0.113.7", "203.0.113.7"},
		{"127.0.0.1:5000", "198.51.100.1, 203.0.113.7", "203.0.113.7"},
		{"[::1]:5000", "2001:db8::7", "2001:db8::7"},
		{"127.0.0.1:5000", "", "127.0.0.1"},
		{"127.0.0.1:5000", "nonsense", "127.0.0.1"},
		{"203.0.113.9:5000", "198.51.100.1", "203.0.113.9"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = x.from
		if x.header != "" {
			r.Header.Set("X-Forwarded-For", x.header)
		}
		h.ServeHTTP(httptest.NewRecorder(), r)
		if seen != x.want {
			t.Errorf("%s, %q: %s", x.from, x.header, seen)
		}
	}
}
