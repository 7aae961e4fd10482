package StockVerify::Counter;

# Somebody who counts, with the app's rules: a queue that a record leaves by a verdict only, one batch at a time, no
# answer or a 503 means the same again. What is told to be stored goes to a ledger, which counters share.
#
#     my $asha = StockVerify::Counter->new(stack => $stack, client => $stack->login('staff'), ledger => $ledger);
#     my $session = $asha->claim($rack);
#     $asha->count($session, 'ITM-00001', verified => 12_500_000, damage => 1_000_000);      millionths
#     $asha->sync;
#     $asha->conflicts;

use strict;
use warnings;
use Mojo::IOLoop;
use Mojo::Promise;
use StockVerify::Quantity qw(number);
use StockVerify::Raw;

my $made = 0;

# batch: records a batch; before_batch => sub ($counter) runs before each; lose_answers => N loses every Nth answer
sub new {
    my ($class, %option) = @_;
    return bless { batch => 100, queue => [], conflicts => [], errors => [], sent => [], batches => 0, lost => 0, %option }, $class;
}

sub client    { return $_[0]{client} }
sub user_id   { return $_[0]{client}->user_id }
sub conflicts { return @{ $_[0]{conflicts} } }
sub errors    { return @{ $_[0]{errors} } }
sub sent      { return $_[0]{sent} }                # the batches that were answered, as lists of records
sub lost      { return $_[0]{lost} }                # how many answers got lost

sub forget_conflicts { my ($self) = @_; return splice @{ $self->{conflicts} } }

# The floor session of a claim; dies when the claim is refused.
sub claim {
    my ($self, $rack, %body) = @_;
    my $answer = $self->{client}->post("/api/racks/$rack/claim", \%body);
    die "claim of $rack: " . $answer->text . "\n" unless $answer->status == 200;
    return $self->take_claim($answer);
}

sub take_claim { my ($self, $answer) = @_; return $self->{session} = $answer->data }

sub heartbeat_request { my ($self, $session) = @_; return [$self->{client}, POST => "/api/sessions/$session->{session_id}/heartbeat"] }
sub heartbeat         { my ($self, $session) = @_; return $self->{client}->post("/api/sessions/$session->{session_id}/heartbeat") }

sub change {
    my ($self, $what, $session) = @_;
    return $self->{client}->post("/api/racks/$session->{rack_id}/$what", { session_id => $session->{session_id} });
}

sub complete { my ($self, $session) = @_; return $self->{client}->post("/api/sessions/$session->{session_id}/complete") }

# Puts a new figure into the queue. Figures: verified, damage, lost (non-returnable), serials, partial, more (members as sent).
sub count {
    my ($self, $session, $item, %figure) = @_;
    my $record = { id => sprintf('%s:%06d', $self->user_id, ++$made), session => $session, item => $item, user => $self->user_id,
        verified => 0, damage => 0, lost => 0, serials => [], partial => 0, void => 0, revision => 1, more => {}, %figure };
    push @{ $self->{queue} }, $record;
    return $record;
}

# Puts an edit into the queue.
sub edit {
    my ($self, $record, %change) = @_;
    my $edit = { %$record, revision => $record->{revision} + 1, %change };
    push @{ $self->{queue} }, $edit;
    return $edit;
}

sub as_sent {
    my ($record) = @_;
    return {
        client_record_id => $record->{id}, session_id => $record->{session}{session_id}, item_code => $record->{item},
        verified_qty => number($record->{verified}), damage_qty => number($record->{damage}),
        non_returnable_damaged_qty => number($record->{lost}), serial_numbers => $record->{serials},
        status => $record->{void} ? 'void' : 'finalized', revision => $record->{revision},
        ($record->{partial} ? (partial => \1) : ()),
        created_at => '2026-01-05T08:00:00Z', updated_at => '2026-01-05T08:00:00Z', %{ $record->{more} },
    };
}

sub batch_request {
    my ($self, $records) = @_;
    return [$self->{client}, POST => '/api/sync/batch', json => { records => [map { as_sent($_) } @$records] }];
}

# Sorts a batch by its verdicts. Returns false when there were none: the batch is to be sent again.
sub take_verdicts {
    my ($self, $records, $answer) = @_;
    return 0 if $answer->status == 503 || $answer->status == 429 || $answer->failure;
    die 'sync: ' . $answer->text . "\n" unless $answer->status == 200;
    my %record = map { ($_->{id} => $_) } @$records;
    my $data = $answer->data;
    for my $id (@{ $data->{ok} }) {
        my $record = delete $record{$id} or die "a verdict on $id, which was not sent or has one already\n";
        $self->{ledger}->tell($record) unless $self->is_replay($record);
    }
    for my $kind (qw(conflicts errors)) {
        for my $verdict (@{ $data->{$kind} }) {
            my $record = delete $record{ $verdict->{client_record_id} } or die "an unexpected verdict on $verdict->{client_record_id}\n";
            push @{ $self->{$kind} }, { %$verdict, record => $record };
        }
    }
    die 'no verdict on ' . join(' ', sort keys %record) . "\n" if %record;
    push @{ $self->{sent} }, $records;
    return 1;
}

# Told before with this revision: being told again changes nothing, whoever counted the rack since.
sub is_replay {
    my ($self, $record) = @_;
    my $told = $self->{ledger}->record($record->{id});
    return $told && $told->{revision} == $record->{revision};
}

# A batch takes no two versions of one record, so that each verdict has its record.
sub next_batch {
    my ($self) = @_;
    my (@records, %seen);
    while (@{ $self->{queue} } && @records < $self->{batch} && !$seen{ $self->{queue}[0]{id} }++) {
        push @records, shift @{ $self->{queue} };
    }
    return \@records;
}

# Sends a batch whose answer nobody reads, as when the radio drops.
sub lose_answer {
    my ($self, $records) = @_;
    my $raw = StockVerify::Raw->new($self->{stack});
    my $body = $self->{client}->build(@{ $self->batch_request($records) }[1 .. 4])->req->body;
    $raw->send($raw->request($self->{client}, POST => '/api/sync/batch', $body));
    $raw->abort;
    $self->{lost}++;
    return;
}

# Sends one batch until it has its verdicts.
sub send_p {
    my ($self, $records, $tries) = @_;
    $tries //= 0;
    die "no verdict after $tries tries\n" if $tries > 400;
    my ($client, @request) = @{ $self->batch_request($records) };
    return $client->request_p(@request)->then(
        sub {
            my ($answer) = @_;
            return 1 if $self->take_verdicts($records, $answer);
            return Mojo::Promise->timer(0.05 + rand 0.1)->then(sub { $self->send_p($records, $tries + 1) });
        }
    );
}

# Sends the queue, batch after batch; a promise.
sub sync_p {
    my ($self) = @_;
    return Mojo::Promise->resolve unless @{ $self->{queue} };
    my $records = $self->next_batch;
    my $ready = $self->{before_batch} ? $self->{before_batch}->($self) : Mojo::Promise->resolve;
    return $ready->then(
        sub {
            $self->lose_answer($records) if $self->{lose_answers} && ++$self->{batches} % $self->{lose_answers} == 0;
            return $self->send_p($records);
        }
    )->then(sub { $self->sync_p });
}

sub sync { my ($self) = @_; return sync_all($self) }

# Several counters at once.
sub sync_all {
    my (@counters) = @_;
    my $failure;
    Mojo::Promise->all(map { $_->sync_p } @counters)->catch(sub { $failure = $_[0] })->wait if @counters;
    die $failure if defined $failure;
    return;
}

# Sends a batch that was answered before once more; its verdicts.
sub replay {
    my ($self, $records) = @_;
    my ($client, @request) = @{ $self->batch_request($records) };
    return $client->request(@request);
}

# Decides a conflict as this user or as another. Keeps the ledger for keep_mine and for a merge of two figures.
sub resolve {
    my ($self, $conflict, $action, %option) = @_;
    my $client = $option{as} || $self->{client};
    my $answer = $client->post("/api/sync/conflicts/$conflict->{conflict_id}/resolve", { action => $action });
    return $answer unless $answer->status == 200;
    my ($ledger, $mine) = ($self->{ledger}, $conflict->{record});
    my $other = $ledger->record(($conflict->{server_record} || {})->{client_record_id} // '');
    if ($action eq 'keep_mine') {
        $ledger->tell($mine, over_all => $option{as} && $conflict->{type} eq 'lock_lost');
        $ledger->supersede($other->{id}) if $other && $conflict->{type} eq 'duplicate_count';
        if ($other && $conflict->{type} eq 'duplicate_serial') {
            my %taken = map { ($_ => 1) } @{ $mine->{serials} };
            $other->{serials} = [grep { !$taken{$_} } @{ $other->{serials} }];
        }
    } elsif ($action eq 'merge' && $other && $conflict->{type} eq 'duplicate_count') {
        $ledger->tell($mine);   # both count from now on
    }
    return $answer;
}

1;
