package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"

	"entente"
	"entente/node"
	"entente/record"
	"entente/store"
)

// ceremonies are WebAuthn registrations and sign-ins under way: each challenge is answered once, in the browser that asked. Those
// of officials who add a key are kept here. That of a stranger is kept by the browser, sealed: however many ask, none is forgotten
// for another's sake.
type ceremonies struct {
	now  func() int64
	seal []byte // of this run of the program
	mu   sync.Mutex
	by   map[string]ceremony
	used map[string]int64 // challenges that let somebody in, until they end
}

type ceremony struct {
	session webauthn.SessionData
	use     string
	name    string
	seat    uint64
	until   int64
}

func newCeremonies(now func() int64) *ceremonies {
	seal := make([]byte, sha256.Size)
	rand.Read(seal)
	return &ceremonies{now: now, seal: seal, by: map[string]ceremony{}, used: map[string]int64{}}
}

// lent is what a browser keeps of a sign-in under way.
type lent struct {
	Session webauthn.SessionData
	Until   int64
}

func (c *ceremonies) mac(b []byte) []byte {
	m := hmac.New(sha256.New, c.seal)
	m.Write(b)
	return m.Sum(nil)
}

// lend seals a sign-in for the browser that asked.
func (c *ceremonies) lend(s webauthn.SessionData) (string, error) {
	b, err := json.Marshal(lent{s, c.now() + int64(ceremonyLife/time.Second)})
	return base64.RawURLEncoding.EncodeToString(append(c.mac(b), b...)), err
}

// lentBack opens what a browser brings back.
func (c *ceremonies) lentBack(cookie string) (lent, error) {
	var x lent
	b, err := base64.RawURLEncoding.DecodeString(cookie)
	if err != nil || len(b) < sha256.Size || !hmac.Equal(b[:sha256.Size], c.mac(b[sha256.Size:])) || json.Unmarshal(b[sha256.Size:], &x) != nil || x.Until <= c.now() {
		return x, fmt.Errorf("no sign-in was begun in this browser, or too long ago: %w", node.ErrForbidden)
	}
	return x, nil
}

// once uses up a challenge that was answered rightly.
func (c *ceremonies) once(x lent) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.used, func(_ string, until int64) bool { return until <= c.now() })
	if _, was := c.used[x.Session.Challenge]; was {
		return fmt.Errorf("this answer was used before: %w", node.ErrForbidden)
	}
	c.used[x.Session.Challenge] = x.Until
	return nil
}

func (c *ceremonies) begin(x ceremony) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	for k, y := range c.by {
		if y.until <= now || len(c.by) >= maxCeremonies {
			delete(c.by, k)
		}
	}
	x.until = now + int64(ceremonyLife/time.Second)
	c.by[x.session.Challenge] = x
	return x.session.Challenge
}

func (c *ceremonies) end(key string) (ceremony, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	x, ok := c.by[key]
	delete(c.by, key)
	if !ok || x.until <= c.now() {
		return x, fmt.Errorf("%w: %w", node.ErrInvalid, record.Because("passkey.late", "it took too long: try again"))
	}
	return x, nil
}

// official is a place in the party as WebAuthn knows it: the handle says nothing about who it is.
type official struct {
	party       record.Party
	office      string
	seat        uint64
	credentials []webauthn.Credential
}

func (o official) WebAuthnID() []byte {
	d := record.Digest("entente/user/v1", []byte(o.party), []byte{0}, []byte(o.office), []byte{0}, strconv.AppendUint(nil, o.seat, 10))
	return d[:]
}
func (o official) WebAuthnName() string                       { return fmt.Sprintf("%s/%d", o.office, o.seat) }
func (o official) WebAuthnDisplayName() string                { return o.WebAuthnName() }
func (o official) WebAuthnCredentials() []webauthn.Credential { return o.credentials }

// relyingParty is this node as browsers know it. Without an origin there are no passkeys.
func (w *Web) relyingParty() (*webauthn.WebAuthn, error) {
	if w.origin == nil {
		return nil, fmt.Errorf("%w: %w", node.ErrConflict, record.Because("passkey.origin", "passkeys need the origin of this node: entente serve --origin"))
	}
	return webauthn.New(&webauthn.Config{RPID: w.origin.Hostname(), RPDisplayName: "Entente", RPOrigins: []string{w.origin.Scheme + "://" + w.origin.Host},
		AuthenticatorSelection: protocol.AuthenticatorSelection{ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired}})
}

// data answers a script of this node.
type data struct{ v any }

func (a data) write(rw http.ResponseWriter, _ *request) error {
	rw.Header().Set("Content-Type", "application/json")
	return clientGone(json.NewEncoder(rw).Encode(a.v))
}

// begun answers with the options of a sign-in, and has the browser keep the rest.
type begun struct {
	data
	cookie string
}

func (a begun) write(rw http.ResponseWriter, r *request) error {
	http.SetCookie(rw, &http.Cookie{Name: r.web.passkeyCookie(), Value: a.cookie, Path: "/", MaxAge: int(ceremonyLife / time.Second), HttpOnly: true, Secure: r.web.secure(), SameSite: http.SameSiteStrictMode})
	return a.data.write(rw, r)
}

func (w *Web) passkeyCookie() string {
	if w.secure() {
		return "__Host-passkey"
	}
	return "passkey"
}

func (w *Web) passkeyOptions(r *request) (answer, error) {
	rp, err := w.relyingParty()
	if err != nil {
		return nil, err
	}
	o, s, err := rp.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return nil, err
	}
	kept, err := w.ceremony.lend(*s)
	return begun{data{o.Response}, kept}, err
}

func (w *Web) usePasskey(r *request) (answer, error) {
	s, err := w.passkey(r)
	if err != nil {
		w.log.InfoContext(r.Context(), "passkey refused", "err", err)
		return w.signInPage(r, "signin.passkey-failed", http.StatusForbidden), nil
	}
	return signedIn{s, local(r.PostFormValue("next"))}, nil
}

// passkey opens a session for whoever holds a registered credential and was verified by it (WebAuthn Level 2, section 7.2).
func (w *Web) passkey(r *request) (string, error) {
	rp, err := w.relyingParty()
	if err != nil {
		return "", err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(r.PostFormValue("response")))
	if err != nil {
		return "", err
	}
	cookie, err := r.Cookie(w.passkeyCookie())
	if err != nil {
		return "", fmt.Errorf("no sign-in was begun in this browser: %w", node.ErrForbidden)
	}
	c, err := w.ceremony.lentBack(cookie.Value)
	if err != nil {
		return "", err
	}
	var kept store.Credential
	find := func(id, handle []byte) (webauthn.User, error) {
		var err error
		if kept, err = w.node.Credential(r.Context(), id); err != nil {
			return nil, err
		}
		o := official{w.node.Party(), kept.Office, kept.Seat, make([]webauthn.Credential, 1)}
		if kept.Use != node.CredentialSignIn || string(handle) != string(o.WebAuthnID()) {
			return nil, node.ErrForbidden
		}
		return o, json.Unmarshal(kept.Data, &o.credentials[0])
	}
	used, err := rp.ValidateDiscoverableLogin(find, c.Session, parsed)
	if err != nil {
		return "", err
	}
	if err := w.ceremony.once(c); err != nil {
		return "", err
	}
	if used.Authenticator.CloneWarning {
		return "", fmt.Errorf("the counter of this credential went back: it may have been copied: %w", node.ErrForbidden)
	}
	if kept.Data, err = json.Marshal(used); err != nil {
		return "", err
	}
	kept.Used = w.node.Now()
	if err := w.node.PutCredential(r.Context(), kept); err != nil {
		return "", err
	}
	return w.node.StartSession(r.Context(), kept.Office, kept.Seat, node.ByPasskey)
}

// keysBody is an official's own credentials.
type keysBody struct {
	SignIn, Sign []keyRow
	Seats        []uint64
	Passkeys     bool // this node has an origin
	Fresh        bool // the sign-in is new enough to add a key
}

type keyRow struct {
	ID, Name string
	Seat     uint64
	Created  int64
	Used     int64
	Key      string // for one that signs: as the powers name it
	Named    bool   // the powers name it
}

func (w *Web) myKeys(r *request) (answer, error) {
	b := keysBody{Passkeys: w.origin != nil, Fresh: w.fresh(r.session)}
	named := map[string]bool{}
	for _, i := range w.node.Groups(r.Context(), r.who) {
		p, err := w.node.Powers(i.ID)
		if err != nil || p == nil {
			continue
		}
		o, _ := p.Office(r.who.Office)
		for _, s := range o.Seats {
			named[s.Key.String()] = true
			if (r.session.Seat == 0 || r.session.Seat == s.Number) && !slices.Contains(b.Seats, s.Number) {
				b.Seats = append(b.Seats, s.Number)
			}
		}
	}
	slices.Sort(b.Seats)
	for _, use := range []string{node.CredentialSignIn, node.CredentialSign} {
		all, err := w.node.Credentials(r.Context(), use, r.who.Office)
		if err != nil {
			return nil, err
		}
		for _, c := range all {
			row := keyRow{ID: hex.EncodeToString(c.ID), Name: c.Name, Seat: c.Seat, Created: c.Created, Used: c.Used}
			if use == node.CredentialSignIn {
				b.SignIn = append(b.SignIn, row)
				continue
			}
			if k, err := seatKey(c, w.origin.Hostname()); err == nil {
				row.Key, row.Named = k.String(), named[k.String()]
			}
			b.Sign = append(b.Sign, row)
		}
	}
	return page{name: "keys", title: r.t("keys.title"), body: b}, nil
}

// seatKey is the public key of a signing credential as the powers name it.
func seatKey(c store.Credential, host string) (entente.Key, error) {
	var x webauthn.Credential
	if err := json.Unmarshal(c.Data, &x); err != nil {
		return entente.Key{}, err
	}
	k, err := webauthncose.ParsePublicKey(x.PublicKey)
	if err != nil {
		return entente.Key{}, err
	}
	ec, ok := k.(webauthncose.EC2PublicKeyData)
	if !ok {
		return entente.Key{}, fmt.Errorf("%w: %w", node.ErrInvalid, record.Because("passkey.kind", "not an ES256 key"))
	}
	pub, err := record.WebAuthnKey(ec.XCoord, ec.YCoord, host)
	return entente.Key{Alg: record.WebAuthn, Public: pub}, err
}

func (w *Web) newKeyOptions(r *request) (answer, error) {
	rp, err := w.relyingParty()
	if err != nil {
		return nil, err
	}
	use, name := r.PostFormValue("use"), r.PostFormValue("name")
	seat, err := strconv.ParseUint(r.PostFormValue("seat"), 10, 16)
	if !w.fresh(r.session) {
		return nil, fmt.Errorf("%w: %w", node.ErrConflict, record.Because("passkey.again", "keys: sign in again first"))
	}
	if err != nil || seat == 0 || (use != node.CredentialSign && use != node.CredentialSignIn) || name == "" || len(name) > record.MaxName || (r.session.Seat != 0 && r.session.Seat != seat) {
		return nil, fmt.Errorf("%w: %w", node.ErrInvalid, record.Because("passkey.name", "credential: give it a name and a seat of your own"))
	}
	o := official{party: w.node.Party(), office: r.who.Office, seat: seat}
	if use == node.CredentialSign {
		o.office = "sign/" + o.office // a handle of its own, so that an authenticator keeps both
	}
	options := []webauthn.RegistrationOption{webauthn.WithConveyancePreference(protocol.PreferNoAttestation),
		webauthn.WithCredentialParameters([]protocol.CredentialParameter{{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgES256}})}
	if use == node.CredentialSign { // named by its id when it signs, so that no sign-in ever offers it
		options = append(options, webauthn.WithResidentKeyRequirement(protocol.ResidentKeyRequirementDiscouraged))
	}
	c, s, err := rp.BeginRegistration(o, options...)
	if err != nil {
		return nil, err
	}
	w.ceremony.begin(ceremony{session: *s, use: use, name: name, seat: seat})
	return data{c.Response}, nil
}

func (w *Web) addKey(r *request) (answer, error) {
	rp, err := w.relyingParty()
	if err != nil {
		return nil, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(r.PostFormValue("response")))
	if err != nil {
		return nil, fmt.Errorf("credential: %w: %w", node.ErrInvalid, err)
	}
	c, err := w.ceremony.end(parsed.Response.CollectedClientData.Challenge)
	if err != nil {
		return nil, err
	}
	if !w.fresh(r.session) || (r.session.Seat != 0 && r.session.Seat != c.seat) {
		return nil, fmt.Errorf("%w: %w", node.ErrConflict, record.Because("passkey.again", "keys: sign in again first"))
	}
	o := official{party: w.node.Party(), office: r.who.Office, seat: c.seat}
	if c.use == node.CredentialSign {
		o.office = "sign/" + o.office
	}
	made, err := rp.CreateCredential(o, c.session, parsed)
	if err != nil {
		return nil, fmt.Errorf("credential: %w: %w", node.ErrInvalid, err)
	}
	kept := store.Credential{ID: made.ID, Office: r.who.Office, Seat: c.seat, Use: c.use, Name: c.name}
	if kept.Data, err = json.Marshal(made); err != nil {
		return nil, err
	}
	if kept.Use == node.CredentialSign {
		k, err := seatKey(kept, w.origin.Hostname())
		if err != nil {
			return nil, err
		}
		kept.Key = k.String()
	}
	if err := w.node.PutCredential(r.Context(), kept); err != nil {
		return nil, err
	}
	w.log.InfoContext(r.Context(), "key added", "office", kept.Office, "seat", kept.Seat, "use", kept.Use)
	return redirect{to: "/keys", done: "key-added." + c.use}, nil
}

// fresh reports whether an official signed in a short while ago.
func (w *Web) fresh(s *session) bool {
	return w.node.Now()-s.Created <= int64(freshSignIn/time.Second)
}

func (w *Web) removeKey(r *request) (answer, error) {
	id, err := hex.DecodeString(r.PathValue("id"))
	if err != nil {
		return nil, fmt.Errorf("credential: %w", node.ErrNotFound)
	}
	c, err := w.node.Credential(r.Context(), id)
	if err != nil {
		return nil, err
	}
	if c.Office != r.who.Office || (r.session.Seat != 0 && c.Seat != r.session.Seat) {
		return nil, fmt.Errorf("credential: %w", node.ErrNotFound)
	}
	w.log.InfoContext(r.Context(), "key removed", "office", c.Office, "seat", c.Seat, "use", c.Use)
	return redirect{to: "/keys", done: "key-removed"}, w.node.DropCredential(r.Context(), id)
}
