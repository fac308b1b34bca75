/**
 * The texts of the widget's panel in English. The relay sends them in the config, changed as the owner wishes; the panel
 * carries the same ones for the moment when the relay cannot be reached. No import here: the widget bundles this.
 */
export const panelTexts = {
  launcher: 'Open chat',
  title: 'Chat with us',
  close: 'Close chat',
  menu: 'Privacy and options',
  greeting: 'Hello! Ask me anything about this shop.',
  placeholder: 'Write your question',
  send: 'Send',
  stop: 'Stop the answer',
  thinking: 'Looking for an answer',
  checking: 'Checking that you are human',
  you: 'You',
  assistant: 'Assistant',
  agent: 'Team',
  agentIsHere: 'You are now talking with {name}.',
  agentHasLeft: 'The assistant answers you again.',
  agentIsAway: '{name} is away for the moment, and reads what you write.',
  agentWrites: '{name} is writing …',
  sources: 'Sources',
  opensInNewTab: 'opens in a new tab',
  retry: 'Try again',
  pageFailed: 'This could not be loaded. Please try again.',
  failed: 'That did not work. Your question is still here.',
  interrupted: 'This answer was cut short.',
  noConnection: 'You are offline. Please try again when you are back.',
  offline: 'You are offline. Your question stays here until you are back.',
  unreachable: 'The assistant cannot be reached at the moment. Please try again later.',
  rateLimited: 'That was a lot of questions at once. Please wait a moment.',
  tooLong: 'Please keep it under 4,000 characters.',
  threadFull: 'This chat has become long. The next question starts a fresh one.',
  notStored: 'Nothing of this chat is stored. It is gone when you leave or reload this page.',
  stored: 'This chat is stored, as you agreed.',
  threadLost: 'The assistant has lost the thread. Your question is still here, and starts a fresh one.',
  expired: 'Your earlier chat is no longer stored. This is a fresh one.',
  withdraw: 'Withdraw consent and erase this chat',
  withdrawFailed: 'Nothing has been erased yet, because the assistant could not be reached. Please try again.',
  withdrawn: 'Your consent is withdrawn and the chat is erased.',
  withdrawnHeld:
    'Your consent is withdrawn. The law obliges the shop to keep this chat for now; it is not used for anything else.',
  restrict: 'Stop using this chat',
  restricted:
    'This chat is kept but not used: answers do not draw on what was said before, and the shop may not use it. “Use this chat again” in the menu changes that.',
  allowUse: 'Use this chat again',
  useAllowed: 'This chat is used again.',
  correct: 'Correct my contact details',
  emailWrong: 'This is not an e-mail address.',
  phoneWrong: 'This is not a phone number. Please begin it with + and the country code.',
  nameWrong: 'This name cannot be kept. Please write it in another way.',
  changeMind: 'Store this chat from now on',
  policy: 'Privacy policy',
  askAgain: 'Please answer this once more. Your question is still here.',
  noticeChanged: 'This notice has just been changed. Please read it again.',
  decisionFailed: 'Your decision could not be sent, so nothing is stored. Please try again.',
  showData: 'See and download my data',
  receipt: 'Show my consent receipt',
  newChat: 'Start a new chat',
  back: 'Back to the chat',
  working: 'One moment',
  prechatTitle: 'Before we begin',
  prechatStart: 'Start the chat',
  prechatSkip: 'Skip these questions',
  fieldRequired: 'This is needed.',
  choiceEmpty: 'Please choose',
  closedNow: 'We are closed at the moment. We open {time}.',
  closedNoTime: 'We are closed at the moment.',
  leaveDetails: 'Leave your contact details',
  transcript: 'Get this chat by e-mail',
  leadFailed: 'This could not be sent. What you wrote is still here; please try again.',
  callback: 'Ask to be called back',
  platformWithdrawn: 'You withdrew your consent in the privacy settings of this website. The chat is erased.',
  platformForbids:
    'The privacy settings of this website do not allow storing this chat, so nothing is stored. Once you have allowed preferences there, choose “Store this chat from now on” in the menu.',
  products: 'Products',
  variant: 'Choose a variant',
  addToCart: 'Add to cart',
  addedToCart: 'Added to cart',
  addFailed: 'This was not put into your cart. Please look at the page of the product.',
  inStock: 'in stock',
  soldOut: 'sold out',
  priceFromTo: '{from} to {to}',
  priceAsOf: '{price} (as of {date})',
  disclosure: 'You are chatting with an automated assistant. It answers from this shop’s own pages and can be wrong.',
} as const;

/** Those of the pages that are seldom opened, which are in a file of the widget's by themselves. */
export const pageTexts = {
  withdrawConfirm: 'Erase this chat for good?',
  withdrawConfirmed: 'Erase it',
  restrictConfirm: 'Stop using this chat?',
  restrictExplained:
    'The chat is kept, and nothing is erased. Answers no longer draw on what was said before, and the shop may not use this chat. You can allow its use again at any time, in the same menu.',
  restrictConfirmed: 'Stop using it',
  allowUseConfirm: 'Use this chat again?',
  allowUseExplained: 'Answers draw on what was said before again, and the shop may use this chat.',
  allowUseConfirmed: 'Use it again',
  requestFailed: 'This could not be confirmed, because the assistant could not be reached. Please try again.',
  correctExplained:
    'Fill in what should change. It replaces the contact details that you left with this chat. Your messages stay as you wrote them.',
  email: 'E-mail',
  phone: 'Phone',
  name: 'Name',
  correctEmpty: 'Please fill in at least one of these.',
  correctConfirmed: 'Correct them',
  corrected: 'Your contact details are corrected. Places changed: {count}.',
  correctedNone: 'We hold no such contact details in this chat, so there was nothing to correct.',
  correctedHeld:
    'Nothing was changed: the law obliges the shop to keep this chat as it is for now. Please ask the shop.',
  dataTitle: 'Your data',
  dataFailed: 'This could not be fetched. Please try again.',
  dataNone: 'Nothing is held.',
  dataChats: 'Chats',
  dataContacts: 'Contact details',
  dataPages: 'Pages that you looked at',
  download: 'Download my data',
  downloadPage: 'Download as a page to read',
  receiptTitle: 'Your consent receipt',
  receiptNone: 'No decision has been recorded in this visit.',
  downloadReceipt: 'Download the receipt',
  cancel: 'Cancel',
  leadTitle: 'Your contact details',
  leadExplained:
    'The shop receives what you write here and gets back to you. It is kept for that, whatever you decided about storing the chat.',
  leadMessage: 'Message',
  leadSend: 'Send to the shop',
  leadSent: 'Thank you. The shop has received your contact details.',
  leadNeedsReach: 'Please give an e-mail address or a phone number.',
  callbackTime: 'When may we call?',
  callbackZone: 'Your time zone: {zone}',
  callbackHalf: 'Please give the day and the time.',
  callbackPast: 'This time is over. Please choose a later one.',
  callbackFar: 'This is more than a year ahead. Please choose an earlier time.',
  callbackSkipped: 'The clocks are put forward then, so there is no such time. Please choose another one.',
  marketing: 'Also send me news and offers by e-mail. I can unsubscribe at any time.',
  transcriptTitle: 'This chat by e-mail',
  transcriptExplained: 'You get one e-mail with everything that was said in this chat.',
  transcriptNext: 'Continue',
  transcriptConfirm: 'Send this chat to {email}?',
  transcriptSend: 'Send it',
  transcriptChange: 'Change the address',
  transcriptSent: 'Sent to {email}. It may take a few minutes.',
  transcriptFailed: 'This could not be sent. Please try again.',
  transcriptRefused: 'This chat cannot be sent by e-mail.',
  transcriptLimited: 'This was asked for too often. Please try again later.',
} as const;

/** Every text that the widget can show, in English. */
export const defaultTexts = { ...panelTexts, ...pageTexts };

/** A text of the panel, by its name. */
export type PanelTextName = keyof typeof panelTexts;

/** A text of the widget, by its name. */
export type TextName = keyof typeof defaultTexts;

/** The words of a consent notice, in one language. */
export type NoticeWording = { title: string; body: string; acceptLabel: string; declineLabel: string };

/** The consent notice of a site that has not written its own. */
export const defaultNotice: NoticeWording = {
  title: 'May we store this chat?',
  body: 'If you accept, your messages are stored so that you find them again when you come back, and one cookie remembers the chat. If you decline, you are served just as well, and nothing is stored.',
  acceptLabel: 'Accept',
  declineLabel: 'Decline',
};
