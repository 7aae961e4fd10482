package StockVerify::Storm;

# People at work all at once, for tests that break a part meanwhile: each claims racks, syncs batches, sends heartbeats
# and releases, with the app's rules (StockVerify::Counter). Everything that an API may not answer, whatever is broken,
# is a fault: a 500, a 503 without Retry-After, a refusal of what is one's own.
#
#     my $storm = StockVerify::Storm->new(stack => $stack, people => 8);
#     $storm->begin;
#     $storm->await({ 'sync 200' => 20 }, 'batches to be stored');
#     $stack->kill_part('redis');
#     $storm->await({ 'heartbeat 503' => 5, 'sync 200' => 20 }, ...);         counted from here on
#     $storm->end;                                                           everybody sends what is left, and stops
#     $storm->stands($count_id);                                             tests of what is in MongoDB then

use strict;
use warnings;
use Mojo::IOLoop;
use Mojo::Promise;
use StockVerify::Counter;
use StockVerify::Ledger;
use StockVerify::Test ();
use StockVerify::Truth;
use Test::More ();
use Time::HiRes 'time';

# Options: people, batch (records a batch), batches (a rack), lost => 1 when connections may break (nginx is killed)
sub new {
    my ($class, %option) = @_;
    my $self = bless { people => 8, batch => 8, batches => 3, tally => {}, seen => {}, faults => {}, %option }, $class;
    my $stack = $self->{stack};
    $self->{ledger} = StockVerify::Ledger->new;
    $self->{items} = [map { $_->{item_code} } grep { $_->{serial_tracked} eq 'false' } $stack->demo('items')];
    $self->{tracked} = [map { $_->{item_code} } grep { $_->{serial_tracked} eq 'true' } $stack->demo('items')];
    $self->{staff} = [map { $self->person($stack->login('staff')) } 1 .. $self->{people}];
    return $self;
}

sub person {
    my ($self, $client) = @_;
    return StockVerify::Counter->new(stack => $self->{stack}, client => $client, ledger => $self->{ledger}, batch => $self->{batch});
}

sub ledger { return $_[0]{ledger} }
sub people { return @{ $_[0]{staff} } }
sub tally  { my ($self, $what) = @_; return $self->{tally}{$what} // 0 }

# What every answer must be like. `what` is claim, sync, heartbeat or release.
sub note_answer {
    my ($self, $what, $answer) = @_;
    my $word = $answer->failure ? 'lost' : $answer->status;
    $self->{tally}{"$what $word"}++;
    $self->{tally}{"$what $word " . $answer->code}++ if $answer->code;
    my $fault =
        $answer->failure ? !$self->{lost} && $answer->failure
        : $word == 503   ? !($answer->header('Retry-After') // '') =~ /^\d+$/ && 'a 503 without Retry-After'
        : $word == 409   ? $what ne 'claim' && $answer->text
        : $word != 200   ? $answer->text
        :                  '';
    $self->{faults}{"$what: $fault"}++ if $fault;
    return $answer;
}

sub ask_p {
    my ($self, $what, $client, @request) = @_;
    return $client->request_p(@request)->then(sub { return $self->note_answer($what, $_[0]) });
}

sub pause_p { return Mojo::Promise->timer(0.02 + rand 0.08) }

# Asks until the answer is no 503 and not lost.
sub insist_p {
    my ($self, $what, @request) = @_;
    return $self->ask_p($what, @request)->then(
        sub {
            my ($answer) = @_;
            return $answer unless $answer->failure || $answer->status == 503;
            return pause_p()->then(sub { $self->insist_p($what, @request) });
        }
    );
}

# A rack of one's own: another one when somebody has this one.
sub claim_p {
    my ($self, $person) = @_;
    my $rack = $self->{racks}[rand @{ $self->{racks} }];
    return $self->insist_p(claim => $person->client, POST => "/api/racks/$rack/claim", json => {})->then(
        sub {
            my ($answer) = @_;
            return $person->take_claim($answer) if $answer->status == 200;
            return $self->{ending} ? undef : pause_p()->then(sub { $self->claim_p($person) });
        }
    );
}

# One batch until it has its verdicts.
sub send_p {
    my ($self, $person, $records) = @_;
    my ($client, @request) = @{ $person->batch_request($records) };
    return $self->insist_p(sync => $client, @request)->then(
        sub {
            my ($answer) = @_;
            $self->{faults}{ 'sync: ' . $answer->text }++ unless $answer->status == 200;
            $person->take_verdicts($records, $answer) if $answer->status == 200;
            $self->{faults}{"a verdict: $_->{type} $_->{message}"}++ for $person->forget_conflicts;
            return;
        }
    );
}

sub batches_p {
    my ($self, $person, $session, $left) = @_;
    return if $left == 0;
    my $first = ($self->{batches} - $left) * $self->{batch};
    # Racks go from hand to hand within a round: parts add up, whatever the others counted before.
    my $part = sub { my ($item, %figure) = @_; $person->count($session, $item, partial => 1, %figure) };
    $part->($self->{items}[$first + $_], verified => 1_250_000 + $_) for 1 .. $self->{batch} - 2;
    $part->($self->{tracked}[2 * $left], verified => 2_000_000, serials => [map { 'SN-' . ++$self->{serials} } 1, 2]);
    $part->($self->{tracked}[2 * $left + 1], verified => 1_000_000, serials => ['SN-' . ++$self->{serials}]);
    return $self->send_p($person, $person->next_batch)->then(sub { $self->batches_p($person, $session, $left - 1) });
}

sub heartbeats_p {
    my ($self, $person, $session) = @_;
    return if $person->{session} != $session;
    return $self->ask_p(heartbeat => @{ $person->heartbeat_request($session) })->then(\&pause_p)
        ->then(sub { $self->heartbeats_p($person, $session) });
}

# Claim, count, release, and again.
sub work_p {
    my ($self, $person) = @_;
    return if $self->{ending};
    my ($session, $beats);
    return $self->claim_p($person)->then(
        sub {
            $session = shift or return;
            $beats = $self->heartbeats_p($person, $session);
            return $self->batches_p($person, $session, $self->{batches});
        }
    )->then(
        sub {
            return unless $session;
            $person->{session} = {};
            return Mojo::Promise->all($beats)->then(sub {
                $self->insist_p(release => $person->client, POST => "/api/racks/$session->{rack_id}/release",
                    json => { session_id => $session->{session_id} });
            });
        }
    )->then(sub { $self->work_p($person) });
}

sub begin {
    my ($self) = @_;
    $self->{racks} ||= [map { $self->{stack}->rack } 1 .. 2 * $self->{people}];
    $self->{lanes} = [map { $self->work_p($_)->catch(sub { $self->{faults}{"$_[0]"}++ }) } $self->people];
    return $self;
}

# Goes on until this many more of each were answered, and the condition holds.
sub await {
    my ($self, $more, $what, $condition) = @_;
    my %from = %{ $self->{tally} };
    my $end = time + 120;
    my $tick = Mojo::IOLoop->recurring(0.02 => sub { });
    my $done;
    until ($done) {
        $done = !grep { $self->tally($_) - ($from{$_} // 0) < $more->{$_} } keys %$more;
        $done &&= !$condition || $condition->();
        last if $done || time > $end;
        Mojo::IOLoop->one_tick;
    }
    Mojo::IOLoop->remove($tick);
    return Test::More::pass($what) if $done;
    Test::More::diag(Test::More::explain({ map { ($_ => $self->tally($_) - ($from{$_} // 0)) } keys %{ $self->{tally} } }));
    return Test::More::fail($what);
}

sub end {
    my ($self) = @_;
    $self->{ending} = 1;
    my $open = 1;
    Mojo::Promise->all(@{ $self->{lanes} })->finally(sub { $open = 0 });
    my $end = time + 120;
    my $tick = Mojo::IOLoop->recurring(0.05 => sub { });
    Mojo::IOLoop->one_tick while $open && time < $end;
    Mojo::IOLoop->remove($tick);
    Test::More::ok(!$open, 'everybody got to an end');
    Test::More::note(join ', ', map { "$_: $self->{tally}{$_}" } sort keys %{ $self->{tally} });
    Test::More::is_deeply($self->{faults}, {}, 'nobody was answered what may not be') or Test::More::diag(Test::More::explain($self->{faults}));
    return;
}

# Nothing is lost, stored twice or half written.
sub stands {
    my ($self) = @_;
    my ($stack, $ledger) = @{$self}{qw(stack ledger)};
    delete $stack->{mongo};
    records_stand($stack, $ledger);
    whole_batches($stack);
    my ($any) = $ledger->told;
    totals_stand($stack, $ledger, $any->{session}{count_id});
    racks_stand($stack);
    audit_stands($stack);
    return;
}

# A batch is all there or not at all: as many records as the audit entry of its transaction says.
sub whole_batches {
    my ($stack) = @_;
    my %stored = map { ($_->{_id} => $_->{n}) }
        $stack->mongo->aggregate(verification_records => [{ '$group' => { _id => '$batch_id', n => { '$sum' => 1 } } }]);
    my (%told, @faults);
    for my $entry (map { StockVerify::Test::plain($_) } $stack->mongo->find(activity_logs => { action => 'sync.batch' })) {
        $told{ $entry->{details}{batch_id} } += $entry->{details}{inserted};
    }
    push @faults, map { "batch $_: " . ($stored{$_} // 0) . ' records, the trail tells ' . ($told{$_} // 0) }
        grep { ($stored{$_} // 0) != ($told{$_} // 0) } sort keys %{ { %stored, %told } };
    return Test::More::is_deeply(\@faults, [], 'each batch was stored whole, and its audit entry with it');
}

1;
