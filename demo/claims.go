package demo

import (
	"context"

	"entente"
	"entente/node"
	"entente/progress"
	"entente/record"
)

// pressOffice keeps and puts claims.
const pressOffice = "press"

func (s *story) press() node.Caller { return node.Caller{Office: pressOffice, Seat: 1, Via: "example"} }

// keepClaim has both sides write down a claim, each at home.
func (s *story) keepClaim(ctx context.Context, x Claim) error {
	for _, p := range s.order {
		if x.Put != "" && x.Put != string(p) {
			continue // it learns of it from the other
		}
		c := entente.Claim{Office: x.Office, Side: record.Party(x.Side), Outlet: x.Outlet, Language: x.Language, Indicator: s.codes[x.Indicator], Measure: x.Measure,
			Form: progress.ClaimForm(x.Form), Value: record.Decimal(x.Value), Unit: x.Unit, Note: x.Note}
		n := node.NewClaim{Claim: &c, Quote: x.Quote}
		if x.Position != nil && x.Side == string(p) {
			n.Position = both(*x.Position)
		}
		v, err := s.sides[p].node.NoteClaim(ctx, s.press(), s.id, record.ID{}, n)
		if err != nil {
			return err
		}
		s.ids[x.Key+"/"+Key(p)] = v.ID
	}
	return nil
}

// putClaim puts one before the other side, which may answer; both may release it.
func (s *story) putClaim(ctx context.Context, x Claim) error {
	by := record.Party(x.Put)
	if err := s.turn(ctx, s.id, by); err != nil {
		return err
	}
	d, err := s.sides[by].node.PutClaim(ctx, s.press(), s.id, s.ids[x.Key+"/"+Key(by)], both(*x.Shown))
	if err != nil {
		return err
	}
	v, err := s.seal(ctx, s.g, by, d)
	if err != nil {
		return err
	}
	if x.Answer != nil {
		if _, err := s.act(ctx, s.g, s.other(by), node.Act{Group: s.id, Kind: entente.ClaimKind, Verb: record.Reply, Instrument: v.ID,
			Terms: terms(entente.ReplyTerms{To: v.ID, Stance: entente.Acknowledge}), Parts: x.Answer.parts("body")}); err != nil {
			return err
		}
	}
	if !x.Released {
		return nil
	}
	for _, p := range s.order {
		if err := s.turn(ctx, s.id, p); err != nil {
			return err
		}
		n := s.sides[p].node
		info, err := n.Claim(ctx, s.press(), s.id, v.ID)
		if err != nil {
			return err
		}
		all, err := n.CheckClaims(ctx, s.press(), s.id, []node.ClaimInfo{*info})
		if err != nil {
			return err
		}
		a, err := n.ReleaseClaim(ctx, s.press(), s.id, &all[0])
		if err != nil {
			return err
		}
		if _, err := s.act(ctx, s.g, p, a); err != nil {
			return err
		}
	}
	return nil
}
