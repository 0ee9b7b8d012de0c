package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"entente/node"
	"entente/store"
	"entente/web"
)

type linkCmd struct {
	Office string        `arg:"" help:"The office."`
	Seat   uint64        `help:"The official's seat; without it nobody in particular." placeholder:"N"`
	For    time.Duration `help:"How long the link may wait." default:"1h"`
	End    bool          `help:"Instead: end every sign-in and unused link of the office."`
}

func (linkCmd) Help() string {
	return `Prints a link that signs one official in, once. It lets its holder read and draft as the office; to put anything on record still
takes the officials' own keys. The node keeps only its digest.

Examples:
  entente link desk
  entente link legal --seat 2 --for 24h
  entente link press --end

The access log says that a link was printed, for which office, and what was read by it.`
}

func (c *linkCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		if c.End {
			if err := s.operator.EndSessions(a.ctx, c.Office); err != nil {
				return err
			}
			return a.print(map[string]string{"ended": c.Office}, func(w io.Writer) { fmt.Fprintf(w, "Every sign-in of %s has ended.\n", c.Office) })
		}
		l, err := s.operator.NewLink(a.ctx, c.Office, c.Seat, c.For)
		if err != nil {
			return err
		}
		n, err := s.operator.Node(a.ctx)
		if err != nil {
			return err
		}
		out := map[string]any{"office": l.Office, "until": l.Until, "path": web.LinkPath + l.Secret}
		where := n.Origin
		if where == "" {
			where = "http://127.0.0.1:8080"
		}
		out["url"] = strings.TrimSuffix(where, "/") + web.LinkPath + l.Secret
		return a.print(out, func(w io.Writer) {
			fmt.Fprintf(w, "%s\nIt works once, until %s.\n", out["url"], time.Unix(l.Until, 0).Format(time.RFC3339))
		})
	})
}

type signinCmd struct {
	List signinListCmd `cmd:"" help:"List sessions, keys and accounts."`
	Drop signinDropCmd `cmd:"" help:"Remove one key, or end every way in of an office or seat."`
}

type signinListCmd struct {
	Office string `arg:"" optional:"" help:"The office; without it every one."`
}

func (signinListCmd) Help() string {
	return `Sign-ins end by themselves when the powers name another key for the seat: whoever takes over a number inherits no way in.

Examples:
  entente signin list
  entente signin list desk --json`
}

func (c *signinListCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		x, err := s.operator.SignIns(a.ctx, c.Office)
		if err != nil {
			return err
		}
		return a.print(x, func(w io.Writer) {
			if len(x.Sessions)+len(x.Credentials)+len(x.Accounts) == 0 {
				fmt.Fprintln(w, "Nobody is signed in, and no key or account lets anybody in: entente link prints a link.")
			}
			for _, l := range x.Sessions {
				fmt.Fprintf(w, "session  %-20s by %s, %s to %s\n", place(l.Office, l.Seat), l.How, moment(l.Created), moment(l.Until))
			}
			for _, k := range x.Credentials {
				use := map[string]string{node.CredentialSignIn: "signs in", node.CredentialSign: "signs acts"}[k.Use]
				fmt.Fprintf(w, "key      %-20s %s, %q, since %s  %s\n", place(k.Office, k.Seat), use, clean(k.Name), moment(k.Created), base64.RawURLEncoding.EncodeToString(k.ID))
			}
			for _, y := range x.Accounts {
				fmt.Fprintf(w, "account  %-20s %s  %s\n", place(y.Office, y.Seat), clean(y.Issuer), clean(y.Subject))
			}
		})
	})
}

func place(office string, seat uint64) string {
	if seat == 0 {
		return office
	}
	return fmt.Sprintf("%s/%d", office, seat)
}

type signinDropCmd struct {
	Key    string `arg:"" optional:"" help:"The key, as entente signin list prints it."`
	Office string `help:"Instead: every session, link, sign-in key and account of this office." placeholder:"OFFICE"`
	Seat   uint64 `help:"With --office: of this seat alone." placeholder:"N"`
}

func (signinDropCmd) Help() string {
	return `Of an office or seat: sessions, unused links, keys that sign in and accounts; keys that sign acts stay, the powers judge them.

Examples:
  entente signin drop q83vASNFZ4k
  entente signin drop --office legal --seat 2`
}

func (c *signinDropCmd) Run(a *app) error {
	if (c.Key == "") == (c.Office == "") || c.Seat != 0 && c.Office == "" {
		return usage("name a key, or an office with --office")
	}
	return a.with(func(s *session) error {
		out := map[string]any{"dropped": c.Key}
		if c.Office != "" {
			out = map[string]any{"ended": c.Office, "seat": c.Seat}
			if err := s.operator.DropSignIns(a.ctx, c.Office, c.Seat); err != nil {
				return err
			}
		} else {
			id, err := base64.RawURLEncoding.DecodeString(c.Key)
			if err != nil {
				return hint(errors.New("this is no key of an official"), "entente signin list prints them")
			}
			if err := s.operator.DropCredential(a.ctx, id); err != nil {
				return err
			}
		}
		return a.print(out, func(w io.Writer) {
			if c.Office != "" {
				fmt.Fprintf(w, "Nobody signs in as %s any more: entente link prints a new way in.\n", place(c.Office, c.Seat))
			} else {
				fmt.Fprintln(w, "The key is removed. What it signed stays good.")
			}
		})
	})
}

// oidcFlags name an identity provider.
type oidcFlags struct {
	Issuer string `help:"Issuer of an OpenID Connect provider by which officials sign in." placeholder:"URL"`
	Client string `help:"This node's client id there." placeholder:"ID"`
	Secret string `help:"File with the client's secret." placeholder:"FILE" type:"existingfile"`
	Name   string `help:"Its name on the sign-in page." placeholder:"NAME"`
}

func (f oidcFlags) provider(origin string) (*web.OIDC, error) {
	switch {
	case f.Issuer == "":
		return nil, nil
	case f.Client == "" || origin == "":
		return nil, usage("--oidc-issuer needs --oidc-client and --origin: the provider sends browsers back to ORIGIN/signin/oidc/callback")
	}
	o := &web.OIDC{Name: or(f.Name, f.Issuer), Issuer: f.Issuer, ClientID: f.Client}
	if f.Secret != "" {
		b, err := os.ReadFile(f.Secret)
		if err != nil {
			return nil, fmt.Errorf("secret of the identity provider: %w", err)
		}
		o.Secret = strings.TrimSpace(string(b))
	}
	return o, nil
}

type accountCmd struct {
	List accountListCmd `cmd:"" help:"List the accounts that have a place."`
	Set  accountSetCmd  `cmd:"" help:"Give an account a place: an office and a seat."`
	Drop accountDropCmd `cmd:"" help:"Take an account's place away."`
}

type accountListCmd struct{}

func (*accountListCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		all, err := s.operator.Accounts(a.ctx)
		if err != nil {
			return err
		}
		return a.print(all, func(w io.Writer) {
			for _, x := range all {
				fmt.Fprintf(w, "%-24s %3d  %s  %s\n", x.Office, x.Seat, x.Issuer, x.Subject)
			}
		})
	})
}

type accountSetCmd struct {
	Issuer  string `arg:"" help:"The provider, as the sign-in page shows it."`
	Subject string `arg:"" help:"The account, as the sign-in page shows it."`
	Office  string `arg:"" help:"The office."`
	Seat    uint64 `help:"The official's seat." placeholder:"N"`
}

func (accountSetCmd) Help() string {
	return `An official who signs in through the identity provider without a place here is shown two lines, issuer and subject, to hand over.

Example:
  entente account set https://login.example 8f3b2c desk --seat 1`
}

func (c *accountSetCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		x := store.Subject{Issuer: c.Issuer, Subject: c.Subject, Office: c.Office, Seat: c.Seat}
		if err := s.operator.PutAccount(a.ctx, x); err != nil {
			return err
		}
		return a.print(x, func(w io.Writer) { fmt.Fprintf(w, "The account signs in as %s.\n", c.Office) })
	})
}

type accountDropCmd struct {
	Issuer  string `arg:"" help:"The provider."`
	Subject string `arg:"" help:"The account."`
}

func (c *accountDropCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		if err := s.operator.DropAccount(a.ctx, c.Issuer, c.Subject); err != nil {
			return err
		}
		return a.print(map[string]string{"dropped": c.Subject}, func(w io.Writer) {
			fmt.Fprintln(w, "The account has no place any more. entente link OFFICE --end ends its sign-ins.")
		})
	})
}
