package api

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"entente"
	"entente/node"
	"entente/progress"
	"entente/record"
	"entente/store"
)

// Client speaks to a node. Its errors are *Problem where the node answered, and satisfy errors.Is with the node's sentinels.
type Client struct {
	http  *http.Client
	base  string
	token string
}

// NewClient speaks to the API at a base address as https://host:port, under an office's token.
func NewClient(base string, h *http.Client, token string) *Client {
	return &Client{http: h, base: strings.TrimRight(base, "/"), token: token}
}

// DialClient speaks over connections that dial makes: a unix socket, or memory. Without a token the caller is the operator.
func DialClient(dial func(ctx context.Context) (net.Conn, error)) *Client {
	t := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) }, DisableCompression: true}
	return &Client{http: &http.Client{Transport: t}, base: "http://node"}
}

// As returns a client that sends an office's token; empty: none.
func (c *Client) As(token string) *Client {
	d := *c
	d.token = token
	return &d
}

// Close ends idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// do sends a request. A POST whose answer was lost is sent once more under its idempotency key: it takes effect once.
func (c *Client) do(ctx context.Context, method, path string, accept string, in any) (*http.Response, error) {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return nil, fmt.Errorf("request: %w", err)
		}
	}
	h := http.Header{}
	if in != nil {
		h.Set("Content-Type", "application/json")
	}
	if method == http.MethodPost {
		var key [16]byte
		rand.Read(key[:])
		h.Set("Idempotency-Key", hex.EncodeToString(key[:]))
	}
	if accept != "" {
		h.Set("Accept", accept)
	}
	if c.token != "" {
		h.Set("Authorization", "Bearer "+c.token)
	}
	var res *http.Response
	var err error
	for tries := 1; ; tries++ {
		var req *http.Request
		if req, err = http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body)); err != nil {
			return nil, fmt.Errorf("request: %w", err)
		}
		req.Header = h
		if res, err = c.http.Do(req); err == nil || method != http.MethodPost || tries == 2 || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // the address says nothing to people
		}
		return nil, fmt.Errorf("the node does not answer: %w", err)
	}
	if res.StatusCode < 300 {
		return res, nil
	}
	defer res.Body.Close()
	p := new(Problem)
	if err := json.NewDecoder(io.LimitReader(res.Body, maxBody)).Decode(p); err != nil || p.Type == "" {
		return nil, fmt.Errorf("the node answered %s", res.Status)
	}
	return nil, p
}

// call sends a request and reads its JSON answer into out, if any.
func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	res, err := c.do(ctx, method, path, "", in)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, maxAnswer)).Decode(out); err != nil {
		return fmt.Errorf("answer of %s %s: %w", method, path, err)
	}
	return nil
}

func (c *Client) bytes(ctx context.Context, path string) ([]byte, error) {
	res, err := c.do(ctx, http.MethodGet, path, "", nil)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, maxEvidence))
	if err != nil {
		return nil, fmt.Errorf("answer of GET %s: %w", path, err)
	}
	return b, nil
}

func fetch[T any](ctx context.Context, c *Client, path string) (T, error) {
	var out T
	err := c.call(ctx, http.MethodGet, path, nil, &out)
	return out, err
}

func send[T any](ctx context.Context, c *Client, path string, in any) (T, error) {
	var out T
	err := c.call(ctx, http.MethodPost, path, in, &out)
	return out, err
}

func inGroupPath(g record.ID, rest ...string) string {
	p := "/v1/groups/" + g.String()
	for _, r := range rest {
		p += "/" + url.PathEscape(r)
	}
	return p
}

// Node describes the node that answers.
func (c *Client) Node(ctx context.Context) (Node, error) { return fetch[Node](ctx, c, "/v1/node") }

// Groups that the office has a part in.
func (c *Client) Groups(ctx context.Context) ([]node.GroupInfo, error) {
	return fetch[[]node.GroupInfo](ctx, c, "/v1/groups")
}

// Group describes one group.
func (c *Client) Group(ctx context.Context, g record.ID) (node.GroupInfo, error) {
	return fetch[node.GroupInfo](ctx, c, inGroupPath(g))
}

// Charter of a group.
func (c *Client) Charter(ctx context.Context, g record.ID) (Charter, error) {
	return fetch[Charter](ctx, c, inGroupPath(g, "charter"))
}

// Powers of a group's parties.
func (c *Client) Powers(ctx context.Context, g record.ID) (map[record.Party]*entente.Powers, error) {
	return fetch[map[record.Party]*entente.Powers](ctx, c, inGroupPath(g, "powers"))
}

// State is the digest of the state at the node's cut.
func (c *Client) State(ctx context.Context, g record.ID) (node.StateWord, error) {
	return fetch[node.StateWord](ctx, c, inGroupPath(g, "state"))
}

// Instruments is a page of a group's instruments.
func (c *Client) Instruments(ctx context.Context, g record.ID, f node.Query) (node.Page, error) {
	q := url.Values{}
	for k, v := range map[string]string{"kind": f.Kind, "line": f.Line, "owner": string(f.Owner), "phase": string(f.Phase), "progress": string(f.Progress),
		"fact": f.Fact, "sort": string(f.Sort), "cursor": string(f.Cursor)} {
		if v != "" {
			q.Set(k, v)
		}
	}
	for k, v := range map[string]int64{"due_from": f.DueFrom, "due_before": f.DueBefore, "changed": f.Changed, "limit": int64(f.Limit)} {
		if v != 0 {
			q.Set(k, strconv.FormatInt(v, 10))
		}
	}
	if f.Overdue {
		q.Set("overdue", "true")
	}
	if !f.Target.IsZero() {
		q.Set("target", f.Target.String())
	}
	return fetch[node.Page](ctx, c, inGroupPath(g, "instruments")+"?"+q.Encode())
}

// Instrument reads one instrument.
func (c *Client) Instrument(ctx context.Context, g, id record.ID) (Instrument, error) {
	return c.InstrumentBefore(ctx, g, id, "")
}

// InstrumentBefore reads one instrument with the records before those of a page: its Earlier.
func (c *Client) InstrumentBefore(ctx context.Context, g, id record.ID, before node.Cursor) (Instrument, error) {
	path := inGroupPath(g, "instruments", id.String())
	if before != "" {
		path += "?before=" + url.QueryEscape(string(before))
	}
	return fetch[Instrument](ctx, c, path)
}

// Standings tells where the indicators in force stand, of a line or, without one, of all.
func (c *Client) Standings(ctx context.Context, g record.ID, line string) ([]node.Standing, error) {
	return fetch[[]node.Standing](ctx, c, inGroupPath(g, "progress")+"?"+url.Values{"line": {line}}.Encode())
}

// Checklist holds the objectives in force against the checklist of monitoring practice.
func (c *Client) Checklist(ctx context.Context, g record.ID, line string) ([]node.ObjectiveCheck, error) {
	return fetch[[]node.ObjectiveCheck](ctx, c, inGroupPath(g, "checklist")+"?"+url.Values{"line": {line}}.Encode())
}

// Progress gives the signal of each party's figures on an indicator as the node wrote it, byte for byte.
func (c *Client) Progress(ctx context.Context, g, id record.ID, x progress.Choice) (json.RawMessage, error) {
	q := url.Values{}
	for k, v := range map[string]string{"area": x.Area, "breakdown": x.Disaggregation, "period": string(x.Span)} {
		if v != "" {
			q.Set(k, v)
		}
	}
	return fetch[json.RawMessage](ctx, c, inGroupPath(g, "instruments", id.String(), "progress")+"?"+q.Encode())
}

// Record reads one record.
func (c *Client) Record(ctx context.Context, g, id record.ID) (Record, error) {
	return fetch[Record](ctx, c, inGroupPath(g, "records", id.String()))
}

// Part reads a part.
func (c *Client) Part(ctx context.Context, g, id record.ID, name string) (Part, error) {
	return fetch[Part](ctx, c, inGroupPath(g, "records", id.String(), "parts", name))
}

// Parts reads all parts of a record that the office may read.
func (c *Client) Parts(ctx context.Context, g, id record.ID) ([]Part, error) {
	return fetch[[]Part](ctx, c, inGroupPath(g, "records", id.String(), "parts"))
}

// PartFile reads a part's bytes; format is raw or csv.
func (c *Client) PartFile(ctx context.Context, g, id record.ID, name, format string) ([]byte, error) {
	return c.bytes(ctx, inGroupPath(g, "records", id.String(), "parts", name)+"?format="+format)
}

// Evidence makes an evidence file. No parts named: all that the office may read.
func (c *Client) Evidence(ctx context.Context, g, id record.ID, parts []string) ([]byte, error) {
	path := inGroupPath(g, "records", id.String(), "evidence")
	if len(parts) > 0 {
		path += "?" + url.Values{"parts": {strings.Join(parts, ",")}}.Encode()
	}
	return c.bytes(ctx, path)
}

// EvidencePinned makes an evidence file with proofs that its logs continue the checkpoints given.
func (c *Client) EvidencePinned(ctx context.Context, g, id record.ID, parts []string, pins [][]byte) ([]byte, error) {
	in := map[string]any{"pins": pins}
	if len(parts) > 0 {
		in["parts"] = parts
	}
	res, err := c.do(ctx, http.MethodPost, inGroupPath(g, "records", id.String(), "evidence"), "", in)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	return io.ReadAll(io.LimitReader(res.Body, maxEvidence))
}

// Drafts of a group.
func (c *Client) Drafts(ctx context.Context, g record.ID) ([]Draft, error) {
	return fetch[[]Draft](ctx, c, inGroupPath(g, "drafts"))
}

// Draft reads one draft.
func (c *Client) Draft(ctx context.Context, g record.ID, n record.Nonce) (Draft, error) {
	return fetch[Draft](ctx, c, inGroupPath(g, "drafts", n.String()))
}

// DraftParts reads what is to be signed.
func (c *Client) DraftParts(ctx context.Context, g record.ID, n record.Nonce) ([]DraftPart, error) {
	return fetch[[]DraftPart](ctx, c, inGroupPath(g, "drafts", n.String(), "parts"))
}

// NewDraft drafts an act.
func (c *Client) NewDraft(ctx context.Context, g record.ID, a NewAct) (Draft, error) {
	return send[Draft](ctx, c, inGroupPath(g, "drafts"), a)
}

// DropDraft drops a draft.
func (c *Client) DropDraft(ctx context.Context, g record.ID, n record.Nonce) error {
	return c.call(ctx, http.MethodDelete, inGroupPath(g, "drafts", n.String()), nil, nil)
}

// Approve adds signatures to a draft.
func (c *Client) Approve(ctx context.Context, g record.ID, n record.Nonce, a ...record.Approval) (Progress, error) {
	return c.ApproveWidening(ctx, g, n, false, a...)
}

// ApproveWidening is Approve of an act by which more may hold or read something than before. widening: the signers know who (Widens of
// the draft), and mean it; else such an act is refused.
func (c *Client) ApproveWidening(ctx context.Context, g record.ID, n record.Nonce, widening bool, a ...record.Approval) (Progress, error) {
	return send[Progress](ctx, c, inGroupPath(g, "drafts", n.String(), "approvals"), map[string]any{"approvals": a, "confirm_widening": widening})
}

// Alarms of a group.
func (c *Client) Alarms(ctx context.Context, g record.ID) ([]store.Alarm, error) {
	return fetch[[]store.Alarm](ctx, c, inGroupPath(g, "alarms"))
}

// Peers says what each peer does not hold yet.
func (c *Client) Peers(ctx context.Context) ([]node.PeerInfo, error) {
	return fetch[[]node.PeerInfo](ctx, c, "/v1/peers")
}

// Review is a page of the access log with what is unusual about each read.
func (c *Client) Review(ctx context.Context, f node.AccessQuery) (node.AccessPage, error) {
	q := url.Values{}
	for k, v := range map[string]string{"office": f.Office, "cursor": string(f.Cursor)} {
		if v != "" {
			q.Set(k, v)
		}
	}
	for k, v := range map[string]int64{"from": f.From, "until": f.Until, "limit": int64(f.Limit)} {
		if v != 0 {
			q.Set(k, strconv.FormatInt(v, 10))
		}
	}
	if f.Unusual {
		q.Set("unusual", "true")
	}
	return fetch[node.AccessPage](ctx, c, "/v1/access/review?"+q.Encode())
}

// Access is a page of the access log, newest first.
func (c *Client) Access(ctx context.Context, cursor string, limit int) (Records, error) {
	q := url.Values{}
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	if limit > 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	return fetch[Records](ctx, c, "/v1/access?"+q.Encode())
}

// Introduction of this party. Operator.
func (c *Client) Introduction(ctx context.Context) (Introduction, error) {
	return fetch[Introduction](ctx, c, "/v1/introduction")
}

// Introductions of the other parties that people here compared. Operator.
func (c *Client) Introductions(ctx context.Context) ([]Introduction, error) {
	return fetch[[]Introduction](ctx, c, "/v1/introductions")
}

// Meet keeps another party's introduction. Operator.
func (c *Client) Meet(ctx context.Context, i node.Introduction) error {
	return c.call(ctx, http.MethodPost, "/v1/introductions", i, nil)
}

// Join joins a group. Operator.
func (c *Client) Join(ctx context.Context, founding []byte) (record.ID, error) {
	j, err := send[Joined](ctx, c, "/v1/groups", map[string]any{"founding": founding})
	return j.Group, err
}

// Charters are the founding charters of groups that do not stand yet. Operator.
func (c *Client) Charters(ctx context.Context) ([]*node.Proposal, error) {
	return fetch[[]*node.Proposal](ctx, c, "/v1/charters")
}

// Tokens without their secrets. Operator.
func (c *Client) Tokens(ctx context.Context) ([]Token, error) {
	return fetch[[]Token](ctx, c, "/v1/tokens")
}

// NewToken makes an office's token. Operator.
func (c *Client) NewToken(ctx context.Context, office string, until int64) (NewToken, error) {
	in := map[string]any{"office": office}
	if until != 0 {
		in["until"] = until
	}
	return send[NewToken](ctx, c, "/v1/tokens", in)
}

// RevokeTokens ends every token of an office. Operator.
func (c *Client) RevokeTokens(ctx context.Context, office string) error {
	return c.call(ctx, http.MethodDelete, "/v1/tokens/"+url.PathEscape(office), nil, nil)
}

// Check runs a check; progress, if not nil, is called with records done and in all. Operator.
func (c *Client) Check(ctx context.Context, progress func(done, total uint64)) (*node.Report, error) {
	return follow(ctx, c, "/v1/check", nil, "check", progress, func(l *CheckLine) (uint64, uint64, *node.Report, *Problem) {
		return l.Done, l.Total, l.Report, l.Problem
	})
}

// ExportLog streams a tar of a log. The caller closes it. Operator.
func (c *Client) ExportLog(ctx context.Context, g record.ID, p record.Party) (io.ReadCloser, error) {
	res, err := c.do(ctx, http.MethodGet, inGroupPath(g, "logs", string(p)), "", nil)
	if err != nil {
		return nil, err
	}
	return res.Body, nil
}

// Restoring lists groups that are read-only after a restore. Operator.
func (c *Client) Restoring(ctx context.Context) ([]Restoring, error) {
	return fetch[[]Restoring](ctx, c, "/v1/restore")
}

// RestoreDraft drafts the record by which a group goes on. Operator.
func (c *Client) RestoreDraft(ctx context.Context, g record.ID) (Draft, error) {
	return send[Draft](ctx, c, inGroupPath(g, "restore"), nil)
}

// Surface reads an old copy of the node's folder for orphans. Operator.
func (c *Client) Surface(ctx context.Context, dir string) (int, error) {
	s, err := send[Surfaced](ctx, c, "/v1/orphans", map[string]any{"dir": dir})
	return s.Records, err
}

// Orphans of a group. Operator.
func (c *Client) Orphans(ctx context.Context, g record.ID) ([]Orphan, error) {
	return fetch[[]Orphan](ctx, c, inGroupPath(g, "orphans"))
}
