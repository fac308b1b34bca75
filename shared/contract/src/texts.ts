/**
 * Every text the widget can show, in English. The relay sends them in the config, changed as the owner wishes; the
 * panel carries the same ones for the moment when the relay cannot be reached. No import here: the widget bundles this.
 */
export const defaultTexts = {
  launcher: 'Open chat',
  title: 'Chat with us',
  close: 'Close chat',
  menu: 'Privacy and options',
  greeting: 'Hello! Ask me anything about this shop.',
  placeholder: 'Write your question',
  send: 'Send',
  stop: 'Stop the answer',
  thinking: 'Looking for an answer',
  you: 'You',
  assistant: 'Assistant',
  agent: 'Team',
  sources: 'Sources',
  opensInNewTab: 'opens in a new tab',
  retry: 'Try again',
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
  withdrawConfirm: 'Erase this chat for good?',
  withdrawConfirmed: 'Erase it',
  withdrawFailed: 'Nothing has been erased yet, because the assistant could not be reached. Please try again.',
  withdrawn: 'Your consent is withdrawn and the chat is erased.',
  withdrawnHeld:
    'Your consent is withdrawn. The law obliges the shop to keep this chat for now; it is not used for anything else.',
  restrict: 'Stop using this chat',
  restrictConfirm: 'Stop using this chat?',
  restrictExplained:
    'The chat is kept, and nothing is erased. Answers no longer draw on what was said before, and the shop may not use this chat. You can allow its use again at any time, in the same menu.',
  restrictConfirmed: 'Stop using it',
  restricted:
    'This chat is kept but not used: answers do not draw on what was said before, and the shop may not use it. “Use this chat again” in the menu changes that.',
  allowUse: 'Use this chat again',
  allowUseConfirm: 'Use this chat again?',
  allowUseExplained: 'Answers draw on what was said before again, and the shop may use this chat.',
  allowUseConfirmed: 'Use it again',
  useAllowed: 'This chat is used again.',
  requestFailed: 'This could not be confirmed, because the assistant could not be reached. Please try again.',
  correct: 'Correct my contact details',
  correctExplained:
    'Fill in what should change. It replaces the contact details that you left with this chat. Your messages stay as you wrote them.',
  email: 'E-mail',
  phone: 'Phone',
  name: 'Name',
  emailWrong: 'This is not an e-mail address.',
  phoneWrong: 'This is not a phone number. Please begin it with + and the country code.',
  nameWrong: 'This name cannot be kept. Please write it in another way.',
  correctEmpty: 'Please fill in at least one of these.',
  correctConfirmed: 'Correct them',
  corrected: 'Your contact details are corrected. Places changed: {count}.',
  correctedNone: 'We hold no such contact details in this chat, so there was nothing to correct.',
  correctedHeld:
    'Nothing was changed: the law obliges the shop to keep this chat as it is for now. Please ask the shop.',
  changeMind: 'Store this chat from now on',
  policy: 'Privacy policy',
  askAgain: 'Please answer this once more. Your question is still here.',
  noticeChanged: 'This notice has just been changed. Please read it again.',
  decisionFailed: 'Your decision could not be sent, so nothing is stored. Please try again.',
  showData: 'See and download my data',
  dataTitle: 'Your data',
  dataFailed: 'This could not be fetched. Please try again.',
  dataNone: 'Nothing is held.',
  dataChats: 'Chats',
  dataContacts: 'Contact details',
  dataPages: 'Pages that you looked at',
  download: 'Download my data',
  downloadPage: 'Download as a page to read',
  receipt: 'Show my consent receipt',
  receiptTitle: 'Your consent receipt',
  receiptNone: 'No decision has been recorded in this visit.',
  downloadReceipt: 'Download the receipt',
  newChat: 'Start a new chat',
  back: 'Back to the chat',
  cancel: 'Cancel',
  working: 'One moment',
  disclosure: 'You are chatting with an automated assistant. It answers from this shop’s own pages and can be wrong.',
} as const;

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
