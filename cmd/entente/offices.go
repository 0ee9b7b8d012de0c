package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"strings"

	"entente"
	"entente/record"
)

// officeFile is an office as people write it: a key may stand as text, a date as a date.
type officeFile struct {
	ID     string            `json:"id"`
	Names  map[string]string `json:"names"`
	Seats  []seatFile        `json:"seats"`
	Grants []grantFile       `json:"grants"`
	Reach  *entente.Reach    `json:"reach"`
}

type seatFile struct {
	Number uint64  `json:"number"`
	Key    keyText `json:"key"`
	From   when    `json:"from"`
	Until  when    `json:"until"`
	Acting bool    `json:"acting"`
}

type grantFile struct {
	Kinds []string      `json:"kinds"`
	Verbs []record.Verb `json:"verbs"`
	Lines []string      `json:"lines"`
	Until when          `json:"until"`
	Sign  uint64        `json:"sign"`
	Paper bool          `json:"paper"`
}

// keyText is a public key: ALGORITHM:HEX as seat new and the pages show it, or an object as the API writes it.
type keyText entente.Key

func (k *keyText) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		v, err := entente.ParseKey(s)
		*k = keyText(v)
		return err
	}
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	return d.Decode((*entente.Key)(k))
}

// when is Unix seconds, or a date as on the command line.
type when int64

func (w *when) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) != nil {
		return json.Unmarshal(b, (*int64)(w))
	}
	at, err := parseDate(s)
	*w = when(at)
	return err
}

// readOffices reads offices as JSON. A seat without a key takes the one that entente seat new or seat add left in this folder.
func readOffices(file, dir string) ([]entente.Office, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("offices: %w", err)
	}
	var in []officeFile
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return nil, hint(fmt.Errorf("offices in %s: %w", file, err), "entente powers set --help shows the form")
	}
	var out []entente.Office
	for _, x := range in {
		o := entente.Office{ID: x.ID, Names: x.Names, Reach: x.Reach}
		if o.Names == nil {
			o.Names = maps.Clone(map[string]string{"en": x.ID, "es": x.ID})
		}
		for _, s := range x.Seats {
			k := entente.Key(s.Key)
			if len(k.Public) == 0 {
				if k, err = publicKeyOf(dir, fmt.Sprintf("%s/%d", x.ID, s.Number)); err != nil {
					return nil, hint(err, "entente seat new %s %d makes one, entente seat add takes one made elsewhere", x.ID, s.Number)
				}
			}
			o.Seats = append(o.Seats, entente.Seat{Number: s.Number, Key: k, From: int64(s.From), Until: int64(s.Until), Acting: s.Acting})
		}
		for _, g := range x.Grants {
			o.Grants = append(o.Grants, entente.Grant{Kinds: g.Kinds, Verbs: g.Verbs, Lines: g.Lines, Until: int64(g.Until), Sign: g.Sign, Paper: g.Paper})
		}
		out = append(out, o)
	}
	return out, nil
}

// publicKeyOf reads the public key that lies beside a seat's own.
func publicKeyOf(dir, seat string) (k entente.Key, err error) {
	path := seatPath(dir, seat) + publicSuffix
	b, err := os.ReadFile(path)
	if err != nil {
		return k, fmt.Errorf("seat %s has no key: %w", seat, err)
	}
	if err := json.Unmarshal(b, &k); err != nil {
		return k, fmt.Errorf("seat %s: %s: not a public key", seat, path)
	}
	return k, nil
}

// seatLine is a seat in one line: number, key, term.
func seatLine(s entente.Seat) string {
	out := fmt.Sprintf("%d  %s  %s", s.Number, algorithm(s.Key.Alg), s.Key)
	if s.Acting {
		out += ", acting"
	}
	if s.From != 0 {
		out += ", from " + moment(s.From)
	}
	if s.Until != 0 {
		out += ", until " + moment(s.Until)
	}
	return out
}

func algorithm(a record.Alg) string {
	switch a {
	case record.Ed25519:
		return "Ed25519"
	case record.WebAuthn:
		return "WebAuthn"
	}
	return fmt.Sprint(int64(a))
}
